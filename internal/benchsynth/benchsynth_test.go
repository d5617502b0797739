package benchsynth

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// app returns a program in the place of a CDK app's.
func app(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app")
	assert.NilError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700))
	return path
}

func TestCompare(t *testing.T) {
	scratch := t.TempDir()
	// Synthesis takes as long as validation has it take.
	quick := app(t, `[ -n "$CDK_OUTDIR" ] && sleep 0.05`)
	slow := app(t, `[ "$CDK_VALIDATION" = false ] || sleep 0.3; sleep 0.05`)

	var out strings.Builder
	rows, err := compare(t.Context(), quick, quick, scratch, &out)
	assert.NilError(t, err)
	assert.NilError(t, missed(rows))
	lines := strings.Split(out.String(), "\n")
	assert.Equal(t, lines[0], "median of 5 runs         ours    empty  ratio  limit")
	assert.Assert(t, strings.HasPrefix(lines[1], "with validation ") && strings.HasSuffix(lines[1], "    2.2"), lines[1])
	assert.Assert(t, strings.HasPrefix(lines[2], "without validation ") && strings.HasSuffix(lines[2], "    4.0"), lines[2])

	rows, err = compare(t.Context(), slow, quick, scratch, &out)
	assert.NilError(t, err)
	assert.Equal(t, len(rows), len(modes))
	assert.ErrorIs(t, missed(rows), ErrSlow)
	_, err = compare(t.Context(), app(t, "echo refused; exit 3"), quick, scratch, &out)
	assert.Error(t, err, "app: exit status 3\nrefused\n")
}

func TestPage(t *testing.T) {
	page, err := Page([]byte(`{"machine": {"date": "2026-11-26", "processors": 2, "load": 1.5},
		"rows": [{"mode": "with validation", "ours_s": 3, "empty_s": 2, "ratio": 1.5, "limit": 2}]}`))
	assert.NilError(t, err)
	for _, want := range []string{
		"on 2026-11-26, on a machine of 2 processors whose load was 1.5 before it began", "| with validation | 3.00 s | 2.00 s | 1.50 | 2.0 |", "](synth-times.svg)",
	} {
		assert.Check(t, strings.Contains(page.Text, want), want)
	}
	assert.Check(t, strings.Contains(page.Charts["times"], ">3.00 s</text>"))
	assert.Check(t, !strings.Contains(page.Text, "missed"))
	page, err = Page([]byte(`{"rows": [{"mode": "with validation", "ours_s": 3, "empty_s": 2, "ratio": 1.5, "limit": 1}]}`))
	assert.NilError(t, err)
	assert.Check(t, strings.Contains(page.Text, "\nThis run missed a limit: our synthesis takes more times as long as an empty app's than the limit allows.\n"), page.Text)
	_, err = Page([]byte("{}"))
	assert.Error(t, err, "no rows")
}

func TestRunNamesWhatDoesNotBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the app")
	}
	var out strings.Builder
	err := Run(t.Context(), "./nothing", "./nothing", &out)
	assert.ErrorContains(t, err, "go build ./nothing: exit status 1\n")
	assert.Equal(t, out.String(), "")
}
