package simulation

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"
)

// logged returns a line as the worker's log has it.
func logged(at time.Time, stack, name string) string {
	return fmt.Sprintf(`{"event": "metric", "level": "info", "Stack": %q, %q: 1, "_aws": {"Timestamp": %d, "CloudWatchMetrics": [{"Namespace": "BenchlingWebhook", "Dimensions": [["Stack"]], "Metrics": [{"Name": %q, "Unit": "Count"}]}]}}`,
		stack, name, at.UnixMilli(), name)
}

// TestEmbeddedMetricsRing has the deployed alarm that rolls a release of the worker back
// evaluated over what workers log.
func TestEmbeddedMetricsRing(t *testing.T) {
	text, err := os.ReadFile("../../stacks/testdata/dev.template.json")
	assert.NilError(t, err)
	stack, err := Read(text)
	assert.NilError(t, err)
	alarm, err := stack.Alarm("AlarmsExportsFail")
	assert.NilError(t, err)
	_, name, _ := strings.Cut(alarm.Metrics()[0].Dimensions, "Stack=")
	since := time.Unix(1_800_000_000, 0)
	failed := func(stack string, seconds ...int) string {
		var log strings.Builder
		for _, s := range seconds {
			log.WriteString("not JSON\n" + logged(since.Add(time.Duration(s)*time.Second), stack, "ExportsFailed") + "\n")
		}
		return log.String()
	}
	for _, c := range []struct {
		name, one, other string
		state            State
	}{
		{"nothing", "", "", OK},
		{"failures of two workers, not in order", failed(name, 40), failed(name, 10, 20), Ringing},
		{"too few", failed(name, 10, 20), `{"event": "event.started"}`, OK},
		{"one was before", failed(name, -1, 10, 20), "", OK},
		{"another stack's", failed("Other", 10, 20, 30), "", OK},
		{"an export succeeded", failed(name, 10, 20, 30), logged(since.Add(time.Second), name, "ExportsDone"), OK},
	} {
		metrics, err := Embedded(since, c.one, c.other)
		assert.NilError(t, err)
		state, _ := alarm.Evaluate(metrics, 60, OK)
		assert.Equal(t, state, c.state, c.name)
	}
}

func TestEmbeddedMetricWithoutItsValue(t *testing.T) {
	line := strings.Replace(logged(time.Now(), "S", "ExportsFailed"), `"ExportsFailed": 1`, `"Exports": 1`, 1)
	_, err := Embedded(time.Now().Add(-time.Minute), line)
	assert.ErrorContains(t, err, "metric ExportsFailed has no value: write it as a number")
}
