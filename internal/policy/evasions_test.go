package policy

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/cfn"
)

// evasions is the directory of TestEvasions.
const evasions = "evasions"

// TestEvasions checks templates that break a rule in an unusual way, each named by the
// rule, and those that look as if they did, whose names end in "-fine".
func TestEvasions(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", evasions, "*.json"))
	assert.NilError(t, err)
	assert.Assert(t, len(files) > 0)
	for _, file := range files {
		text, err := os.ReadFile(file)
		assert.NilError(t, err)
		template, err := cfn.Read(text)
		assert.NilError(t, err, file)
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		rule, _, _ := strings.Cut(name, "-")
		violates := slices.ContainsFunc(Check(template), func(v Violation) bool { return v.Rule == rule })
		assert.Check(t, violates != strings.HasSuffix(name, "-fine"), "%s: %v", name, Check(template))
	}
}
