package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/benchsynth"
)

func TestExitStatus(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		stderr string
	}{
		{nil, 0, ""},
		{benchsynth.ErrSlow, 1, ""},
		{errors.New("go build .: exit status 1"), 1, "go build .: exit status 1\n"},
	} {
		var stdout, stderr strings.Builder
		status := run(t.Context(), &stdout, &stderr, func(_ context.Context, ours, empty string, out io.Writer) error {
			_, err := io.WriteString(out, ours+" "+empty)
			return errors.Join(err, c.err)
		})
		assert.Equal(t, status, c.status)
		assert.Equal(t, stdout.String(), ". "+emptyApp)
		assert.Equal(t, stderr.String(), c.stderr)
	}
}

func TestEmptyAppIsThere(t *testing.T) {
	_, err := os.Stat(filepath.Join("../..", emptyApp, "main.go"))
	assert.NilError(t, err)
}
