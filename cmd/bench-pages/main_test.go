package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"benchlingwebhook/internal/benchpages"
)

// pages are the committed ones.
var pages = filepath.Join("../..", benchpages.Directory)

// TestCommittedPages makes every page of the figures beside it; -update rewrites it.
func TestCommittedPages(t *testing.T) {
	for name, maker := range makers {
		figures, err := os.ReadFile(filepath.Join(pages, name+".json"))
		assert.NilError(t, err)
		files, err := benchpages.Files(name, figures, maker)
		assert.NilError(t, err, name)
		assert.Check(t, len(files) > 2, "%s: no chart", name)
		for file, text := range files {
			path := filepath.Join(pages, file)
			if golden.FlagUpdate() {
				assert.NilError(t, os.WriteFile(path, []byte(text), 0o644))
			}
			committed, err := os.ReadFile(path)
			assert.NilError(t, err)
			assert.Check(t, string(committed) == text, "docs/benchmarks/%s isn't of %s.json: make golden", file, name)
		}
	}
}

func TestPagesAreWritten(t *testing.T) {
	root := t.TempDir()
	figures, err := os.ReadFile(filepath.Join(pages, "worker.json"))
	assert.NilError(t, err)
	assert.NilError(t, os.Mkdir(filepath.Join(root, "build"), 0o755))
	assert.NilError(t, os.WriteFile(filepath.Join(root, benchpages.Measured("worker")), figures, 0o600))
	var stderr strings.Builder
	assert.Equal(t, run(root, []string{"worker"}, &stderr), 0, stderr.String())
	for _, file := range []string{"worker.json", "worker.md", "worker-rate.svg"} {
		written, err := os.ReadFile(filepath.Join(root, benchpages.Directory, file))
		assert.NilError(t, err)
		committed, err := os.ReadFile(filepath.Join(pages, file))
		assert.NilError(t, err)
		assert.Equal(t, string(written), string(committed))
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	root := t.TempDir()
	assert.NilError(t, os.Mkdir(filepath.Join(root, "build"), 0o755))
	assert.NilError(t, os.WriteFile(filepath.Join(root, benchpages.Measured("synth")), []byte("{"), 0o600))
	for _, c := range []struct {
		names  []string
		status int
		stderr []string
	}{
		{nil, 2, []string{"bench-pages: no name: give one or more of service, synth, worker"}},
		{[]string{"worker", "gates", "image"}, 2, []string{
			`bench-pages: "gates": not a benchmark: use service, synth, worker`, `bench-pages: "image": not a benchmark: use service, synth, worker`,
		}},
		{[]string{"worker", "synth"}, 1, []string{
			"open " + filepath.Join(root, "build/bench-worker.json") + ": no such file or directory; run `make bench-worker`",
			"build/bench-synth.json: unexpected end of JSON input; run `make bench-synth`",
		}},
	} {
		var stderr strings.Builder
		assert.Equal(t, run(root, c.names, &stderr), c.status)
		assert.Equal(t, stderr.String(), strings.Join(c.stderr, "\n")+"\n")
	}
}
