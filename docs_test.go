package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

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
			path, _, _ := strings.Cut(target[1], "#")
			if path == "" || strings.Contains(path, "://") {
				continue
			}
			_, err := os.Stat(filepath.Join(filepath.Dir(page), path))
			assert.Check(t, err == nil, "%s: %s leads nowhere", page, target[1])
			followed++
		}
	}
	assert.Assert(t, followed > 50, "%d links", followed)
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
		heading, _, _ := strings.Cut(string(text), "\n")
		_, title, _ := strings.Cut(heading, ". ")
		name := filepath.Base(page)
		assert.Check(t, strings.Contains(string(index), "| ["+name[:4]+"]("+name+") | "+title+" | "), "%s is not in the index by its title", page)
		assert.Check(t, strings.HasPrefix(name, "00") && strings.HasPrefix(heading, "# "+strings.TrimLeft(name[:4], "0")+". "), "%s: number %d in name and heading", page, i+1)
	}
}
