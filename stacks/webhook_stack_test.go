package stacks_test

import (
	"testing"

	"gotest.tools/v3/golden"
)

// TestGoldenTemplates compares the whole template of every environment. Rewrite
// them with `go test ./stacks -update` and read the diff.
func TestGoldenTemplates(t *testing.T) {
	for _, environment := range []string{"dev", "prod"} {
		t.Run(environment, func(t *testing.T) {
			template := synth(t, settingsOf(t, environment), contractOf(t, dockerfile))
			golden.Assert(t, template, environment+".template.json")
		})
	}
}
