package gates

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// TestTestsImportWhatTheImageHas finds a test that runs in the image and whose module
// imports another of the checkout that isn't there.
func TestTestsImportWhatTheImageHas(t *testing.T) {
	const docker = "../../docker"
	packages, err := filepath.Glob(docker + "/*/__init__.py")
	assert.NilError(t, err)
	modules, err := filepath.Glob(docker + "/*.py")
	assert.NilError(t, err)
	var outside []string
	for _, path := range packages {
		if name := filepath.Base(filepath.Dir(path)); name != "src" && name != "tests" {
			outside = append(outside, name)
		}
	}
	for _, path := range modules {
		outside = append(outside, strings.TrimSuffix(filepath.Base(path), ".py"))
	}
	assert.Assert(t, slices.Contains(outside, "worker_bench") && slices.Contains(outside, "prune_image"), "%v", outside)
	imports := regexp.MustCompile(`(?m)^(?:from|import) (?:` + strings.Join(outside, "|") + `)\b.*$`)
	tests, err := filepath.Glob(docker + "/tests/*.py")
	assert.NilError(t, err)
	for _, path := range tests {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "test_"), ".py")
		if slices.Contains(outsideTests, name) {
			continue
		}
		text, err := os.ReadFile(path)
		assert.NilError(t, err)
		found := imports.FindString(string(text))
		assert.Check(t, found == "", "%s: %s: the image has no such module", path, found)
	}
}
