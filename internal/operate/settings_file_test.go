package operate

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// TestWithSettingsKeepsTheRest edits the project's own cdk.json: no byte of it changes
// beside the setting.
func TestWithSettingsKeepsTheRest(t *testing.T) {
	text, err := os.ReadFile("../../cdk.json")
	assert.NilError(t, err)
	same, err := withSettings(text, "prod", nil)
	assert.NilError(t, err)
	assert.Equal(t, string(same), string(text))

	changed, err := withSettings(text, "prod", map[string]any{"quiltCatalog": "quilt.example.com", "packageBucket": "a-b", "cpu": nil})
	assert.NilError(t, err)
	_, prod, _ := strings.Cut(string(text), `"prod": {`)
	want := strings.Replace(prod, `"quiltCatalog": ""`, `"quiltCatalog": "quilt.example.com"`, 1)
	want = regexp.MustCompile(`        "cpu": \d+,\n`).ReplaceAllString(want, "")
	want = strings.Replace(want, `"deletionProtection": true`, "\"deletionProtection\": true,\n        \"packageBucket\": \"a-b\"", 1)
	_, got, _ := strings.Cut(string(changed), `"prod": {`)
	assert.Equal(t, got, want)
}

func TestWithSettingsMakesWhatIsMissing(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: "{\n  \"context\": {\n    \"environments\": {\n      \"lab\": {\n        \"natGateways\": 2\n      }\n    }\n  }\n}\n",
		"\uFEFF{\"z\":\"<&>\",\"context\":{\"environments\":{\"lab\":{},\"dev\":{}},\"a\":1e2}}": "{\n  \"z\": \"<&>\",\n  \"context\": {\n    \"environments\": {\n      \"lab\": {\n        \"natGateways\": 2\n      },\n      \"dev\": {}\n    },\n    \"a\": 1e2\n  }\n}\n",
	} {
		got, err := withSettings([]byte(text), "lab", map[string]any{"natGateways": 2})
		assert.NilError(t, err)
		assert.Equal(t, string(got), want)
	}
	_, err := withSettings([]byte(`{"context": []}`), "lab", nil)
	assert.Error(t, err, "cdk.json: not a JSON object; write {…}")
}

// TestReplaceFile replaces a file whole, keeps its mode, and leaves one alone that was
// changed meanwhile, or whose directory takes no other.
func TestReplaceFile(t *testing.T) {
	directory := t.TempDir()
	name := filepath.Join(directory, "cdk.json")
	assert.NilError(t, os.WriteFile(name, []byte("old"), 0o640))
	assert.NilError(t, os.Chmod(name, 0o640))
	assert.NilError(t, replaceFile(name, []byte("old"), []byte("new")))
	text, err := os.ReadFile(name)
	assert.NilError(t, err)
	assert.Equal(t, string(text), "new")
	about, err := os.Stat(name)
	assert.NilError(t, err)
	assert.Equal(t, about.Mode().Perm(), os.FileMode(0o640))

	assert.ErrorContains(t, replaceFile(name, []byte("old"), []byte("newer")), "it was changed meanwhile")
	text, err = os.ReadFile(name)
	assert.NilError(t, err)
	assert.Check(t, bytes.Equal(text, []byte("new")))
	left, err := os.ReadDir(directory)
	assert.NilError(t, err)
	assert.Equal(t, len(left), 1)
}
