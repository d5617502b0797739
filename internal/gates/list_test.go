package gates

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestOutcomes(t *testing.T) {
	var list List
	assert.Check(t, !list.Passed(), "no gate at all")
	list.Add("QG-1 hadolint", "no finding", "clean", nil)
	list.Add("QG-1 scan", "none", "", fmt.Errorf("%w: no scanner", ErrNeedsNetwork))
	assert.Check(t, list.Passed(), "what can't be checked here isn't missed")
	list.Add("QG-3 size", "30 %", "10 %", errors.New("too large\nby far"))
	assert.Check(t, !list.Passed())

	path := filepath.Join(t.TempDir(), "gates.json")
	assert.NilError(t, list.Save(path))
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	assert.Equal(t, string(text), `[
  {
    "gate": "QG-1 hadolint",
    "held": true,
    "value": "clean",
    "limit": "no finding"
  },
  {
    "gate": "QG-1 scan",
    "held": "needs network",
    "value": "needs network: no scanner",
    "limit": "none"
  },
  {
    "gate": "QG-3 size",
    "held": false,
    "value": "10 % too large\nby far",
    "limit": "30 %"
  }
]
`)
	var table strings.Builder
	assert.NilError(t, list.Table(&table))
	assert.Assert(t, strings.Contains(table.String(), "NO             QG-3 size      10 % too large …           30 %\n"), table.String())
}

func TestLongValuesAreCut(t *testing.T) {
	assert.Equal(t, short(strings.Repeat("é", 200)), strings.Repeat("é", widest)+" …")
}

func TestChecklist(t *testing.T) {
	var list List
	list.Add("QG-3 size", "30 %", "48 % smaller", nil)
	list.Add("QG-4 unit tests", "all pass", "1 failed", errors.New("exit status 1"))
	var out strings.Builder
	assert.NilError(t, list.Checklist(&out))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	assert.Equal(t, len(lines), 1+len(criteria))
	for _, want := range []string{
		"[x] image size reduced by 30 %", "48 % smaller", "[ ] all unit tests pass", "1 failed exit status 1", "[ ] linting passes", "not measured",
	} {
		assert.Assert(t, strings.Contains(out.String(), want), want)
	}
}
