package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestRun(t *testing.T) {
	says := func(text string, err error) bench {
		return func(_ context.Context, out io.Writer) error {
			_, failed := io.WriteString(out, text)
			return errors.Join(failed, err)
		}
	}
	for _, c := range []struct {
		arguments      []string
		status         int
		stdout, stderr string
	}{
		{nil, 1, "the service", "peak: 9.0 times the development server's, below 10\n"},
		{[]string{"servers"}, 0, "the servers", ""},
	} {
		var stdout, stderr strings.Builder
		status := run(t.Context(), c.arguments, &stdout, &stderr,
			says("the service", errors.New("peak: 9.0 times the development server's, below 10")), says("the servers", nil))
		assert.Equal(t, status, c.status)
		assert.Equal(t, stdout.String(), c.stdout)
		assert.Equal(t, stderr.String(), c.stderr)
	}
}
