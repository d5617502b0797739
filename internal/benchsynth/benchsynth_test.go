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
	assert.NilError(t, compare(t.Context(), quick, quick, scratch, &out))
	lines := strings.Split(out.String(), "\n")
	assert.Equal(t, lines[0], "median of 5 runs         ours    empty  ratio  limit")
	assert.Assert(t, strings.HasPrefix(lines[1], "with validation ") && strings.HasSuffix(lines[1], "    2.0"), lines[1])
	assert.Assert(t, strings.HasPrefix(lines[2], "without validation ") && strings.HasSuffix(lines[2], "    3.0"), lines[2])

	assert.ErrorIs(t, compare(t.Context(), slow, quick, scratch, &out), ErrSlow)
	assert.Error(t, compare(t.Context(), app(t, "echo refused; exit 3"), quick, scratch, &out), "app: exit status 3\nrefused\n")
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
