package constructs

import (
	"testing"

	"gotest.tools/v3/assert"
)

// TestBusySteps holds the steps against what Application Auto Scaling allows, and
// gives every number of outstanding events its places.
func TestBusySteps(t *testing.T) {
	for _, c := range []struct{ fewest, most int }{{1, 2}, {1, 4}, {2, 12}, {1, 20}, {1, 21}, {5, 100}, {1, 100}} {
		steps := *busySteps(c.fewest, c.most)
		assert.Assert(t, len(steps) >= 2 && len(steps) <= maxSteps, "%v: %d steps", c, len(steps))
		for events := c.fewest*exportsPerTask + 1; events <= 2*c.most*exportsPerTask; events++ {
			tasks := 0.0
			for _, step := range steps {
				if float64(events) >= *step.Lower {
					tasks = *step.Change
				}
			}
			needed := float64(min((events+exportsPerTask-1)/exportsPerTask, c.most))
			assert.Assert(t, tasks >= needed && tasks <= float64(c.most), "%v: %d events have %v tasks", c, events, tasks)
		}
	}
}
