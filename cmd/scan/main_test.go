package main

import (
	"bytes"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestExitStatus(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"no program":      {nil, 2, "make scan"},
		"no such program": {[]string{"/nowhere/checkov"}, 1, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			assert.Equal(t, run(t.Context(), c.args, &bytes.Buffer{}, &stderr), c.status)
			assert.Assert(t, strings.Contains(stderr.String(), c.says), stderr.String())
		})
	}
}
