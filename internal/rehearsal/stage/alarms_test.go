package stage

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/simulation"
)

// deployedAlarm returns a deployed template, and the name of one of its alarms.
func deployedAlarm(t *testing.T, prefix string) (template []byte, name string) {
	t.Helper()
	template, err := os.ReadFile("../../../stacks/testdata/dev.template.json")
	assert.NilError(t, err)
	stack, err := simulation.Read(template)
	assert.NilError(t, err)
	alarm, err := stack.Alarm(prefix)
	assert.NilError(t, err)
	return template, alarm.Name
}

// logged returns n log lines of a metric of the stack's, a millisecond after a time: what is
// logged has no smaller parts.
func logged(n int, metric string, at time.Time) string {
	line := fmt.Sprintf(`{"Stack": %q, %q: 1, "_aws": {"Timestamp": %d, "CloudWatchMetrics": [{"Namespace": "BenchlingWebhook", "Dimensions": [["Stack"]], "Metrics": [{"Name": %q}]}]}}`,
		StackName, metric, at.Add(time.Millisecond).UnixMilli(), metric)
	return strings.Repeat(line+"\n", n)
}

func TestAlarmOfFailedExports(t *testing.T) {
	template, name := deployedAlarm(t, "AlarmsExportsFail")
	var log string
	a, err := newAlarms(template, []string{name}, func(context.Context) []string { return []string{"starts\n", log} })
	assert.NilError(t, err)
	rings := func(after string) bool {
		log = after
		a.evaluate(t.Context())
		assert.NilError(t, a.err)
		assert.Check(t, !a.InAlarm([]string{"Another"}))
		return a.InAlarm([]string{"Another", name})
	}
	now := time.Now()
	assert.Check(t, !rings(""))
	assert.Check(t, !rings(logged(2, "ExportsFailed", now)))
	assert.Check(t, rings(logged(6, "ExportsFailed", now)))
	assert.Check(t, !rings(logged(6, "ExportsFailed", now)+logged(1, "ExportsDone", now)))
	assert.Check(t, rings(logged(6, "ExportsFailed", now)))
	a.Forget()
	assert.Check(t, !a.InAlarm([]string{name}))
	assert.Check(t, !rings(logged(6, "ExportsFailed", now.Add(-time.Minute))))
}

// TestForgetDuringAnEvaluation keeps nothing of it.
func TestForgetDuringAnEvaluation(t *testing.T) {
	template, name := deployedAlarm(t, "AlarmsExportsFail")
	var a *Alarms
	a, err := newAlarms(template, []string{name}, func(context.Context) []string {
		a.Forget()
		return []string{logged(6, "ExportsFailed", time.Now())}
	})
	assert.NilError(t, err)
	a.evaluate(t.Context())
	assert.Check(t, !a.InAlarm([]string{name}))
}

func TestAlarmsThatCannotBeEvaluated(t *testing.T) {
	template, name := deployedAlarm(t, "AlarmsExportsFail")
	_, err := newAlarms(template, []string{name, "Another"}, nil)
	assert.Error(t, err, "alarm Another isn't of the template: let a deployment watch the stack's own")
	a, err := newAlarms(template, []string{name}, func(context.Context) []string {
		return []string{strings.ReplaceAll(logged(1, "ExportsFailed", time.Now()), `"ExportsFailed": 1`, `"Other": 1`)}
	})
	assert.NilError(t, err)
	a.evaluate(t.Context())
	assert.ErrorContains(t, a.err, "metric ExportsFailed has no value")
}
