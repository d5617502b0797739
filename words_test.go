package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// formerWords are words and names that this code no longer uses, by the ones that it
// uses. Only words that mean nothing else here are listed.
var formerWords = []struct {
	pattern *regexp.Regexp
	now     string
}{
	{regexp.MustCompile(`\bpatience\b|\bPatientTransport\b|\bBUSY\b`), "retry, RetryTransport, RETRYABLE_STATUSES"},
	{regexp.MustCompile(`\banswer_refusals\b`), "register_error_handlers"},
	{regexp.MustCompile(`\bDeliveries\b`), "Consumer"},
	{regexp.MustCompile(`\b_see_through\b`), "_process"},
	{regexp.MustCompile(`\b_hide\b`), "_change_visibility"},
	{regexp.MustCompile(`\b_bury\b`), "_dead_letter"},
	{regexp.MustCompile(`\bTOLD\b|\b_told\b`), "OPERATOR_ERRORS, is_operator_error"},
	{regexp.MustCompile(`\bQueuedEvent\b`), "Event"},
	{regexp.MustCompile(`\b(new)?Notebook\b|\bNotebookServer\b|\bnotebook_server\b|\bnotebook\.\w`), "API (Go), BenchlingServer (Python)"},
	{regexp.MustCompile(`\bCanvasParts\b|\bParts\(|\bclass Parts\b|\btype Parts\b`), "dependencies"},
	{regexp.MustCompile(`\bdiet\.py\b|\btest_diet\b`), "prune_image.py"},
	{regexp.MustCompile(`\bdockerforcdk\b|\bSurroundings\b`), "cdkdocker, RunOptions"},
	{regexp.MustCompile(`\bfaultproxy\b`), "proxy"},
	{regexp.MustCompile(`\btemplatediff\b`), "review"},
	{regexp.MustCompile(`\btally\b`), "counts"},
	{regexp.MustCompile(`\bdoubled\b`), "duplicated"},
	{regexp.MustCompile(`\b[Ss]truck\b`), "hits"},
	{regexp.MustCompile(`\bHeal\(`), "Clear("},
	{regexp.MustCompile(`\baftermath\b`), "data impact"},
	{regexp.MustCompile(`\btoldElsewhere\b`), "reportedElsewhere"},
	{regexp.MustCompile(`\breaders\.go\b`), "settings_parse.go"},
	{regexp.MustCompile(`\bleaks\.go\b`), "secrets.go"},
	{regexp.MustCompile(`\baccounting\.go\b`), "ledger.go"},
	{regexp.MustCompile(`\bchecks_replaced\b`), "checks_restarts"},
	{regexp.MustCompile(`\bHeld\(\)`), "Passed()"},
	{regexp.MustCompile(`\baddress_fault\b`), "url_fault"},
	{regexp.MustCompile(`\b(calls|items|batches|deliveries|addresses)\.py\b`),
		"webhook_requests.py, dynamodb_attributes.py, batch_sender.py, consumer.py, urls.py"},
	{regexp.MustCompile(`can't be meant`), "invalid"},
}

// anyFormerWord matches where one of them does: one pass over a file that has none.
var anyFormerWord = func() *regexp.Regexp {
	var all []string
	for _, word := range formerWords {
		all = append(all, word.pattern.String())
	}
	return regexp.MustCompile(strings.Join(all, "|"))
}()

// formerWordsIn returns where a file's path or text has a former word, one line each.
func formerWordsIn(path, text string) []string {
	if !anyFormerWord.MatchString(path + "\n" + text) {
		return nil
	}
	var problems []string
	for _, word := range formerWords {
		if found := word.pattern.FindString(path); found != "" {
			problems = append(problems, fmt.Sprintf("%s: file name %q: use %s", path, found, word.now))
		}
		for _, at := range word.pattern.FindAllStringIndex(text, -1) {
			line := 1 + strings.Count(text[:at[0]], "\n")
			problems = append(problems, fmt.Sprintf("%s:%d: %q: use %s", path, line, text[at[0]:at[1]], word.now))
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
		`docker/diet.py:3: "Notebook": use API (Go), BenchlingServer (Python)`,
		`docker/diet.py: file name "diet.py": use prune_image.py`,
	})
	assert.Equal(t, len(formerWordsIn("README.md", "the lab notebook. An impatient client totally redoubled its DIET. Parts of it.")), 0)
}
