package simulation

import (
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// TestMissingData holds the evaluation against the examples of CloudWatch's User
// Guide, "How alarm state is evaluated when data is missing": 0 is within the
// threshold, X breaches it, - is missing; the states are for missing, ignore,
// breaching and notBreaching.
func TestMissingData(t *testing.T) {
	const retained = State("as before")
	for _, example := range []struct {
		points     string
		datapoints int
		want       [4]State
	}{
		{"0 - X - X", 3, [4]State{OK, OK, OK, OK}},
		{"0 - - - -", 3, [4]State{OK, OK, OK, OK}},
		{"- - - - -", 3, [4]State{InsufficientData, retained, Ringing, OK}},
		{"0 X X - X", 3, [4]State{Ringing, Ringing, Ringing, Ringing}},
		{"- - X - -", 3, [4]State{Ringing, retained, Ringing, OK}},
		{"0 - X - X", 2, [4]State{Ringing, Ringing, Ringing, Ringing}},
		{"0 0 X 0 X", 2, [4]State{Ringing, Ringing, Ringing, Ringing}},
		{"0 - X - -", 2, [4]State{OK, OK, Ringing, OK}},
		{"- - - - 0", 2, [4]State{OK, OK, Ringing, OK}},
		{"- - - X -", 2, [4]State{Ringing, retained, Ringing, OK}},
		{"- - - - X", 3, [4]State{retained, retained, Ringing, OK}},
	} {
		values := map[string]float64{"0": 0, "X": 1, "-": missing}
		var points []float64
		for _, mark := range strings.Fields(example.points) {
			points = append(points, values[mark])
		}
		for i, treatment := range []string{"missing", "ignore", "breaching", "notBreaching"} {
			a := Alarm{Periods: 3, Datapoints: example.datapoints, Threshold: 1, Comparison: "GreaterThanOrEqualToThreshold", Missing: treatment}
			got, _ := a.state(points, retained)
			assert.Equal(t, got, example.want[i], "%s, %d of 3, %s", example.points, example.datapoints, treatment)
		}
	}
}

// TestEveryAlarmRingsAndStaysQuiet takes each alarm of the templates by its own
// figures: it must ring after as many breaching periods as it asks for, and not
// after one fewer.
func TestEveryAlarmRingsAndStaysQuiet(t *testing.T) {
	for _, shape := range shapes {
		for _, a := range stackOf(t, shape).Alarms {
			t.Run(shape+"/"+a.Name, func(t *testing.T) {
				bad, good := inputs(a, true), inputs(a, false)
				assert.Assert(t, bad != nil && good != nil, "no values breach and keep %s", a.result.text)
				assert.Equal(t, after(a, good, bad, a.Datapoints), Ringing)
				assert.Equal(t, after(a, good, bad, a.Datapoints-1), OK)
				if a.Missing == "notBreaching" {
					assert.Equal(t, after(a, nil, nil, 0), OK, "a night without data")
				}
			})
		}
	}
}

// inputs returns values of an alarm's metrics, near its threshold, with which it
// breaches or doesn't; nil if there are none.
func inputs(a Alarm, breaching bool) map[string]float64 {
	candidates := []float64{0, a.Threshold - 1, a.Threshold, a.Threshold + 1}
	total := 1
	for range a.queries {
		total *= len(candidates)
	}
	for n := range total {
		of := map[string]float64{}
		for _, q := range a.queries {
			of[q.id] = candidates[n%len(candidates)]
			n /= len(candidates)
		}
		if value := a.result.value(of); !isMissing(value) && a.breaches(value) == breaching {
			return of
		}
	}
	return nil
}

// after returns the state after periods that are good, and as many as said that
// are bad.
func after(a Alarm, good, bad map[string]float64, breaching int) State {
	metrics := Metrics{}
	before := 2 * a.Periods
	for i := 1; i <= before+breaching; i++ {
		of := good
		if i > before {
			of = bad
		}
		for _, q := range a.queries {
			if value, known := of[q.id]; known {
				metrics.Publish(q.metric, i*a.Period, value)
			}
		}
	}
	state, _ := a.Evaluate(metrics, (before+breaching)*a.Period, OK)
	return state
}

func TestStatistics(t *testing.T) {
	metrics, m := Metrics{}, Metric{"N", "M", ""}
	for i, value := range []float64{9, 1, 2, 3, 4} {
		metrics.Publish(m, i*60, value)
	}
	for name, want := range map[string]float64{"Sum": 10, "Average": 2.5, "Minimum": 1, "Maximum": 4, "SampleCount": 4, "p50": 2, "p99": 4, "p0": 1} {
		assert.Equal(t, metrics.statistic(m, name, 0, 240), want, name)
	}
	assert.Assert(t, isMissing(metrics.statistic(m, "Sum", 240, 300)))
}
