package main

import (
	"bytes"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestArgumentsThatItCannotTake(t *testing.T) {
	for args, said := range map[string]string{
		"build":   "gates: [\"build\"]: not a command: run it without arguments, or with `build IMAGE` or `run IMAGE`\n",
		"measure": "gates: [\"measure\"]: not a command: run it without arguments, or with `build IMAGE` or `run IMAGE`\n",
		"-fast":   "flag provided but not defined: -fast\n",
	} {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, run(t.Context(), strings.Fields(args), &stdout, &stderr), 2)
		assert.Assert(t, strings.HasPrefix(stderr.String(), said), stderr.String())
		assert.Equal(t, stdout.String(), "")
	}
}
