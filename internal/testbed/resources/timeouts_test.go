package resources

import (
	"maps"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// kept returns figures that keep all inequalities: zero, but for the right sides, each
// of which is above all before it.
func kept() map[string]Figure {
	figures := map[string]Figure{}
	for range Inequalities {
		for _, it := range Inequalities {
			least := 1.0
			for _, name := range it.Left {
				least += figures[name].Seconds
				figures[name] = Figure{figures[name].Seconds, "test"}
			}
			for _, name := range it.Right {
				figures[name] = Figure{max(figures[name].Seconds, least), "test"}
			}
		}
	}
	return figures
}

// TestInequalitiesCanBreak breaks each inequality, at its limit and beyond.
func TestInequalitiesCanBreak(t *testing.T) {
	assert.DeepEqual(t, Broken(kept()), []string(nil))
	for _, it := range Inequalities {
		t.Run(it.Name, func(t *testing.T) {
			right := 0.0
			for _, name := range it.Right {
				right += kept()[name].Seconds
			}
			for _, name := range it.Left[1:] {
				right -= kept()[name].Seconds
			}
			at := func(seconds float64) string {
				figures := maps.Clone(kept())
				// A name that is twice on the left counts twice.
				figures[it.Left[0]] = Figure{seconds, "test"}
				return "\n" + strings.Join(Broken(figures), "\n")
			}
			assert.Equal(t, strings.Contains(at(right), "\n"+it.Name+": "), !it.Or)
			assert.Assert(t, strings.Contains(at(right+1), "\n"+it.Name+": "))
		})
	}
}

// TestMissingFigureIsAProblem holds that an inequality without its figure is reported.
func TestMissingFigureIsAProblem(t *testing.T) {
	figures := kept()
	delete(figures, "web stop timeout")
	assert.Assert(t, strings.Contains(strings.Join(Broken(figures), "\n"), "drain before kill: no figure web stop timeout"))
}

func TestConstant(t *testing.T) {
	for name, it := range constants {
		seconds, err := constant(root, it[0], it[1])
		assert.NilError(t, err, name)
		assert.Assert(t, seconds > 0, name)
	}
	_, err := constant(root, "constructs/timing.go", "noSuchTime")
	assert.Error(t, err, "constructs/timing.go: sets no noSuchTime")
}
