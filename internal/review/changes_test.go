package review

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/cfn"
)

// changed is one change of testdata/changes.json: JSON patches (RFC 6902) that make
// the template before of changes.template.json, and of that the one after; the exit
// status that is due, and what the first lines must name (null: a resource that the
// second patch touches).
type changed struct {
	Expect struct {
		Exit  int
		Named *string
	}
	Before, After json.RawMessage
}

// TestChanges makes what developers, and attackers, would change in a template.
func TestChanges(t *testing.T) {
	text, err := os.ReadFile("testdata/changes.json")
	assert.NilError(t, err)
	var cases map[string]changed
	assert.NilError(t, json.Unmarshal(text, &cases))
	base, err := os.ReadFile("testdata/changes.template.json")
	assert.NilError(t, err)
	sources := installed(t)
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			before := patched(t, base, c.Before)
			after := patched(t, before, c.After)
			result, err := Compare(Input{Before: oneStack(t, before), After: oneStack(t, after)}, sources)
			assert.NilError(t, err)
			status := 0
			switch {
			case result.Dangerous():
				status = 2
			case len(result.Findings) > 0:
				status = 1
			}
			assert.Equal(t, status, c.Expect.Exit, result.Text())
			if c.Expect.Exit == 2 || c.Expect.Named != nil {
				assert.Assert(t, namesFirst(result.Text(), c), result.Text())
			}
		})
	}
	assert.Assert(t, len(cases) > 200, len(cases))
}

func patched(t *testing.T, document, patch []byte) []byte {
	t.Helper()
	operations, err := jsonpatch.DecodePatch(patch)
	assert.NilError(t, err)
	document, err = operations.Apply(document)
	assert.NilError(t, err)
	return document
}

func oneStack(t *testing.T, text []byte) map[string]cfn.Template {
	t.Helper()
	template, err := cfn.Read(text)
	assert.NilError(t, err)
	return map[string]cfn.Template{"stack": template}
}

// namesFirst says whether the first three lines name what they must.
func namesFirst(report string, c changed) bool {
	lines := strings.Split(report, "\n")
	first := strings.Join(lines[:min(3, len(lines))], "\n")
	if c.Expect.Named != nil {
		return strings.Contains(first, *c.Expect.Named)
	}
	var operations []struct{ Path string }
	if json.Unmarshal(c.After, &operations) != nil {
		return false
	}
	return slices.ContainsFunc(operations, func(operation struct{ Path string }) bool {
		steps := strings.Split(operation.Path, "/")
		return steps[1] != "Resources" || strings.Contains(first, steps[2])
	})
}
