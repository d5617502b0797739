package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode"

	"gotest.tools/v3/assert"
)

// formerWords are words and names that this code no longer uses, and what it uses in
// their place. Only words that mean nothing else here are listed.
var formerWords = []struct {
	former []string
	now    string
}{
	{[]string{"patience", "PatientTransport", "BUSY"}, "retry, RetryTransport, RETRYABLE_STATUSES"},
	{[]string{"answer_refusals"}, "register_error_handlers"},
	{[]string{"Deliveries", "_see_through", "_hide", "_bury"}, "Consumer, _process, _change_visibility, _dead_letter"},
	{[]string{"TOLD", "_told"}, "OPERATOR_ERRORS, is_operator_error"},
	{[]string{"QueuedEvent"}, "Event"},
	{[]string{"Notebook", "newNotebook"}, "API"},
	{[]string{"NotebookServer", "notebook_server"}, "BenchlingServer, benchling_server"},
	{[]string{"CanvasParts", "Parts(", "class Parts", "type Parts"}, "dependencies"},
	{[]string{"diet.py", "test_diet"}, "prune_image.py"},
	{[]string{"calls.py", "items.py", "batches.py", "deliveries.py", "addresses.py"},
		"webhook_requests.py, dynamodb_attributes.py, batch_sender.py, consumer.py, urls.py"},
	{[]string{"dockerforcdk", "Surroundings"}, "cdkdocker, RunOptions"},
	{[]string{"faultproxy"}, "proxy"},
	{[]string{"templatediff"}, "review"},
	{[]string{"tally", "doubled", "struck", "Struck", "Heal("}, "counts, duplicated, hits, Clear("},
	{[]string{"aftermath", "toldElsewhere"}, "data impact, reportedElsewhere"},
	{[]string{"readers.go", "leaks.go", "accounting.go", "checks_replaced"}, "settings_parse.go, secrets.go, ledger.go, checks_restarts"},
	{[]string{"Held()"}, "Passed()"},
	{[]string{"address_fault"}, "url_fault"},
	{[]string{"can't be meant"}, "invalid"},
}

// isWordAt says whether a text's byte belongs to a word.
func isWordAt(text string, i int) bool {
	return i >= 0 && i < len(text) && (text[i] == '_' || unicode.IsLetter(rune(text[i])) || unicode.IsDigit(rune(text[i])))
}

// wholeWord returns where a text has a word, not as a part of another; -1 for nowhere.
func wholeWord(text, word string) int {
	for from := 0; ; {
		at := strings.Index(text[from:], word)
		if at < 0 {
			return -1
		}
		begin, end := from+at, from+at+len(word)
		before := isWordAt(text, begin-1) && isWordAt(word, 0)
		after := isWordAt(text, end) && isWordAt(word, len(word)-1)
		if !before && !after {
			return begin
		}
		from = end
	}
}

// formerWordsIn returns the former words that a file's path or text has, one line
// each, with the first place.
func formerWordsIn(path, text string) []string {
	var problems []string
	for _, w := range formerWords {
		for _, word := range w.former {
			if wholeWord(path, word) >= 0 {
				problems = append(problems, fmt.Sprintf("%s: file name has %q: use %s", path, word, w.now))
			}
			if at := wholeWord(text, word); at >= 0 {
				line := 1 + strings.Count(text[:at], "\n")
				problems = append(problems, fmt.Sprintf("%s:%d: %q: use %s", path, line, word, w.now))
			}
		}
	}
	return problems
}

// exempt says whether a file may have former words: history, expected outputs,
// and the lists of former names.
func exempt(path string) bool {
	return path == "CHANGELOG.md" || strings.HasPrefix(path, "docs/decisions/") ||
		slices.Contains(strings.Split(path, "/"), "testdata") ||
		path == "words_test.go" || path == "docker/src/runtime/former_log_names.py"
}

// TestFormerWordsStayAway reads every file that Git has or would add.
func TestFormerWordsStayAway(t *testing.T) {
	listed, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	assert.NilError(t, err)
	read := 0
	for _, path := range strings.Split(strings.Trim(string(listed), "\x00"), "\x00") {
		if exempt(path) {
			continue
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			// Deleted, and not yet so for Git.
			continue
		}
		assert.NilError(t, err)
		read++
		for _, problem := range formerWordsIn(path, string(text)) {
			t.Error(problem)
		}
	}
	assert.Assert(t, read > 300, "%d files", read)
}

// TestFormerWordsIn finds words in names and in texts, and leaves what only
// resembles them.
func TestFormerWordsIn(t *testing.T) {
	assert.DeepEqual(t, formerWordsIn("docker/diet.py", "one\nwith patience\nand a.Notebook\n"), []string{
		`docker/diet.py:2: "patience": use retry, RetryTransport, RETRYABLE_STATUSES`,
		`docker/diet.py:3: "Notebook": use API`,
		`docker/diet.py: file name has "diet.py": use prune_image.py`,
	})
	assert.Equal(t, len(formerWordsIn("README.md", "the lab notebook. An impatient client totally redoubled its DIET. Parts of it, retally.")), 0)
}
