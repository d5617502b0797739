package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"gotest.tools/v3/assert"
)

// link is a Markdown link's target.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// pages returns the paths of the Markdown files, without what was installed.
func pages(t *testing.T) []string {
	t.Helper()
	var found []string
	assert.NilError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch name := entry.Name(); {
		case entry.IsDir() && (name == "node_modules" || name == "build" || name == "cdk.out" || len(name) > 1 && strings.HasPrefix(name, ".")):
			return filepath.SkipDir
		case strings.HasSuffix(name, ".md"):
			found = append(found, path)
		}
		return nil
	}))
	return found
}

// TestLinksLeadSomewhere follows every link between the pages.
func TestLinksLeadSomewhere(t *testing.T) {
	followed := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		assert.NilError(t, err)
		for _, target := range link.FindAllStringSubmatch(string(text), -1) {
			path, anchor, _ := strings.Cut(target[1], "#")
			if strings.Contains(path, "://") {
				continue
			}
			path = filepath.Join(filepath.Dir(page), path)
			if target[1][0] == '#' {
				path = page
			}
			_, err := os.Stat(path)
			assert.Check(t, err == nil, "%s: %s leads nowhere", page, target[1])
			assert.Check(t, anchor == "" || err != nil || slices.Contains(anchors(t, path), anchor), "%s: no heading of %s is %s", page, path, anchor)
			followed++
		}
	}
	assert.Assert(t, followed > 50, "%d links", followed)
}

// heading is one of a page's.
var heading = regexp.MustCompile(`(?m)^#+ (.+)$`)

// anchors returns the names by which links lead to a page's headings, as GitHub
// makes them.
func anchors(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	assert.NilError(t, err)
	var names []string
	for _, of := range heading.FindAllStringSubmatch(string(text), -1) {
		names = append(names, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, of[1]))
	}
	return names
}

// TestDecisionsAreListed holds the index of decisions against the pages.
func TestDecisionsAreListed(t *testing.T) {
	index, err := os.ReadFile("docs/decisions/README.md")
	assert.NilError(t, err)
	decisions, err := filepath.Glob("docs/decisions/[0-9]*.md")
	assert.NilError(t, err)
	for i, page := range decisions {
		text, err := os.ReadFile(page)
		assert.NilError(t, err)
		first, _, _ := strings.Cut(string(text), "\n")
		_, title, _ := strings.Cut(first, ". ")
		name := filepath.Base(page)
		assert.Check(t, strings.Contains(string(index), "| ["+name[:4]+"]("+name+") | "+title+" | "), "%s is not in the index by its title", page)
		assert.Check(t, strings.HasPrefix(name, "00") && strings.HasPrefix(first, "# "+strings.TrimLeft(name[:4], "0")+". "), "%s: number %d in name and heading", page, i+1)
	}
}

// readmeWords is how long README.md may be: what is more belongs on a page.
const readmeWords = 900

func TestReadmeIsShort(t *testing.T) {
	text, err := os.ReadFile("README.md")
	assert.NilError(t, err)
	words := len(strings.Fields(string(text)))
	assert.Assert(t, words <= readmeWords, "%d words", words)
}

// number is one that a run of the rehearsal has filled in, or fmt's verb for it.
var number = regexp.MustCompile(`[0-9]+`)

// ofService begins the name of a check that both services have; the code has it once.
var ofService = regexp.MustCompile(`^(?:web|worker)(: )`)

// TestReadmeQuotesRows looks for the rows of the rehearsal that README.md quotes in
// the rehearsal's code.
func TestReadmeQuotesRows(t *testing.T) {
	text, err := os.ReadFile("README.md")
	assert.NilError(t, err)
	files, err := filepath.Glob("internal/rehearsal/actions/*.go")
	assert.NilError(t, err)
	var code []byte
	for _, file := range files {
		source, err := os.ReadFile(file)
		assert.NilError(t, err)
		code = append(code, source...)
	}
	quoted := regexp.MustCompile(`(?m)^yes +[0-9.]+ +(.+?)  `).FindAllStringSubmatch(string(text), -1)
	assert.Assert(t, len(quoted) == 5, "%d rows", len(quoted))
	for _, row := range quoted {
		name := number.ReplaceAllString(regexp.QuoteMeta(ofService.ReplaceAllString(row[1], "$1")), `(?:[0-9]+|%[.0-9]*[df])`)
		check := regexp.MustCompile(`"` + name + `"`)
		assert.Check(t, check.Match(code), "the rehearsal has no check %q", row[1])
	}
}

// logLine is a log line's name, in a code span or in a row of docs/logs.md.
var logLine = regexp.MustCompile("`([a-z]+(?:_[a-z]+)*\\.[a-z]+(?:_[a-z]+)*)`")

// fileEnding ends what is a file's name and no log line's.
var fileEnding = regexp.MustCompile(`\.(json|md|py|go|svg|yml|yaml|csv)$`)

// TestLogLinesExist looks in docs/logs.md, which a test of the service holds against
// its code, for the log lines that an operator is told to look for.
func TestLogLinesExist(t *testing.T) {
	list, err := os.ReadFile("docs/logs.md")
	assert.NilError(t, err)
	named := 0
	for _, page := range []string{"docs/runbook.md", "docs/operations.md"} {
		text, err := os.ReadFile(page)
		assert.NilError(t, err)
		for _, line := range logLine.FindAllStringSubmatch(string(text), -1) {
			if fileEnding.MatchString(line[1]) {
				continue
			}
			named++
			assert.Check(t, strings.Contains(string(list), "\n| `"+line[1]+"` |"), "%s: the service logs no %q", page, line[1])
		}
	}
	assert.Assert(t, named > 10, "%d log lines", named)
}

// word is a row of the glossary: a word, linked or not, and one line about it.
var word = regexp.MustCompile(`(?m)^\| \[?([^]|]+?)(?:\]\([^)]+\))? \| .+ \|$`)

func TestGlossaryIsSorted(t *testing.T) {
	text, err := os.ReadFile("docs/glossary.md")
	assert.NilError(t, err)
	var words []string
	for _, row := range word.FindAllStringSubmatch(string(text), -1) {
		if row[1] != "Word" {
			words = append(words, strings.ToLower(row[1]))
		}
	}
	assert.Assert(t, len(words) >= 30, "%d words", len(words))
	assert.Assert(t, slices.IsSorted(words), "%v", words)
}

// TestPagesAreListed asks the lists in README.md and docs/README.md for every page.
func TestPagesAreListed(t *testing.T) {
	var lists string
	for _, list := range []string{"README.md", "docs/README.md"} {
		text, err := os.ReadFile(list)
		assert.NilError(t, err)
		lists += string(text)
	}
	listed, err := filepath.Glob("docs/*.md")
	assert.NilError(t, err)
	for _, page := range listed {
		name := filepath.Base(page)
		assert.Check(t, name == "README.md" || strings.Contains(lists, "/"+name+")") || strings.Contains(lists, "]("+name+")"), "%s is in no list", page)
	}
}
