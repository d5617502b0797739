package simulation

import (
	"math"
	"testing"

	"gotest.tools/v3/assert"
)

func TestExpressions(t *testing.T) {
	of := map[string]float64{"a": 6, "b": 2, "zero": 0, "gone": missing}
	ids := []string{"a", "b", "zero", "gone"}
	for text, want := range map[string]float64{
		"a + b": 8, "a - b * 2": 2, "(a - b) * 2": 8, "a / b": 3, "-a": -6,
		"a / zero": missing, "a + gone": missing, "FILL(gone, 3) + a": 9, "FILL(a, 3)": 6,
		"IF(a > b, a, 0)": 6, "IF(a < b, a, 1.5)": 1.5, "IF(gone > 0, 1, 2)": missing,
		"a >= 6 AND b <= 2": 1, "a == b OR zero != 0": 0,
		"MAX([a, b])": 6, "MIN([a, b, 1])": 1, "SUM([a, b])": 8, "MAX([a, gone])": missing,
	} {
		e, err := parse(text, ids)
		assert.NilError(t, err, text)
		got := e.value(of)
		assert.Assert(t, got == want || isMissing(got) && math.IsNaN(want), "%s = %v, not %v", text, got, want)
	}
}

func TestExpressionsThatAreNotKnown(t *testing.T) {
	for text, fault := range map[string]string{
		"a + c":      `no metric has the ID "c": use one of a, b`,
		"MAX(a)":     "MAX of one metric looks over its time, which is not simulated: give it an array",
		"IF(a, b)":   "IF has 2 arguments: give it 3",
		"a % b":      "the operator % is not simulated",
		"!a":         "the operator ! is not simulated",
		"[a, b]":     "the function list is not simulated: use FILL, IF, MAX, MIN or SUM, or add it to internal/simulation",
		"FILL(a, x)": `no metric has the ID "x": use one of a, b`,
	} {
		_, err := parse(text, []string{"a", "b"})
		assert.Error(t, err, `expression "`+text+`": `+fault)
	}
	_, err := parse("a +", []string{"a"})
	assert.ErrorContains(t, err, `expression "a +": `)
}
