package policy

import (
	"os"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/cfn"
)

// BenchmarkCheck reads and checks the template of prod.
func BenchmarkCheck(b *testing.B) {
	for b.Loop() {
		text, err := os.ReadFile("../../stacks/testdata/prod.template.json")
		assert.NilError(b, err)
		template, err := cfn.Read(text)
		assert.NilError(b, err)
		Check(template)
	}
}
