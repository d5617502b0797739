package preflight_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/first-deployment.md")
	assert.NilError(t, err)
	return string(text)
}

// TestPageListsTheActions compares the rights on the page with the calls that
// the checks report.
func TestPageListsTheActions(t *testing.T) {
	files, err := filepath.Glob("*.go")
	assert.NilError(t, err)
	call := regexp.MustCompile(`refuseCall\("([a-z0-9]+:[A-Za-z]+)"`)
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		assert.NilError(t, err)
		for _, match := range call.FindAllStringSubmatch(string(text), -1) {
			found++
			assert.Check(t, strings.Contains(page(t), match[1]), match[1])
		}
	}
	assert.Check(t, found > 0)
}
