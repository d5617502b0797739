package main

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestStatus(t *testing.T) {
	assert.Equal(t, status(errors.New("refused")), 1)
	assert.Equal(t, status(fmt.Errorf("cdk deploy: %w", exec.Command("sh", "-c", "exit 3").Run())), 3)
}

func TestUsageNamesEveryVerb(t *testing.T) {
	for verb := range verbs {
		assert.Check(t, strings.Contains(usage, "\n  "+verb+" "), verb)
	}
}

func TestHelpIsNoError(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}, {"help", "status"}, {"status", "--help"}} {
		var out bytes.Buffer
		assert.NilError(t, run(t.Context(), args, &out))
		assert.Equal(t, out.String(), usage+"\n")
	}
}

func TestUnknownVerbIsNamed(t *testing.T) {
	assert.Error(t, run(t.Context(), nil, nil), usage)
	assert.Error(t, run(t.Context(), []string{"stauts", "dev"}, nil), "\"stauts\": no such verb\n"+usage)
}
