package svg

import (
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestTheLongestBarFillsTheChart(t *testing.T) {
	drawn := Bars("t", "MB", []Bar{{"a", 50, true}, {"b", 100, false}})
	assert.Assert(t, strings.Contains(drawn, `width="380.0" height="18" fill="`+Others))
	assert.Assert(t, strings.Contains(drawn, `width="190.0" height="18" fill="`+Ours))
	assert.Assert(t, strings.Contains(drawn, ">50.0 MB</text>"))
	assert.Assert(t, strings.Contains(Bars("t", "s", []Bar{{"none", 0, true}}), `width="0.0"`))
}
