package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestTheCommandWritesThePage(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates the whole page, of which internal/scale tests a part")
	}
	root := t.TempDir()
	for _, path := range []string{"stacks/testdata/dev.template.json", "stacks/testdata/prod.template.json", "docs/benchmarks/worker.json"} {
		text, err := os.ReadFile("../../" + path)
		assert.NilError(t, err)
		assert.NilError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(path)), 0o755))
		assert.NilError(t, os.WriteFile(filepath.Join(root, path), text, 0o600))
	}
	var stderr strings.Builder
	assert.Equal(t, run(root, nil, &stderr), 0, stderr.String())
	written, err := os.ReadFile(filepath.Join(root, "docs/scale.md"))
	assert.NilError(t, err)
	committed, err := os.ReadFile("../../docs/scale.md")
	assert.NilError(t, err)
	assert.Assert(t, string(written) == string(committed), "docs/scale.md is of other templates, prices or figures of the worker: make scale")
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	var stderr strings.Builder
	assert.Equal(t, run(t.TempDir(), nil, &stderr), 1)
	assert.Check(t, strings.Contains(stderr.String(), "dev.template.json") && strings.Contains(stderr.String(), "run `make golden`"), stderr.String())
	stderr.Reset()
	root := t.TempDir()
	assert.NilError(t, os.CopyFS(filepath.Join(root, "stacks/testdata"), os.DirFS("../../stacks/testdata")))
	assert.Equal(t, run(root, nil, &stderr), 1)
	assert.Check(t, strings.HasSuffix(stderr.String(), "worker.json: no such file or directory; run `make bench-worker`\n"), stderr.String())
	stderr.Reset()
	assert.Equal(t, run(".", []string{"prod"}, &stderr), 2)
	assert.Equal(t, stderr.String(), "\"prod\": scale takes no arguments; run it in the repository's root\n")
}
