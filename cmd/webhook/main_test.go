package main

import (
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
