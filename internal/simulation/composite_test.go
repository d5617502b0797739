package simulation

import (
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// noticed are the alarms of which scientists feel the cause: their webhooks, packages
// or canvases are late or lost.
var noticed = []string{
	"AlarmsExportsFail", "AlarmsWebhooksFailed", "OperatorAlarmsApiErrors", "OperatorAlarmsDeadLetters", "OperatorAlarmsFrontDoorClosed",
	"OperatorAlarmsLoadBalancerErrors", "OperatorAlarmsNoHealthyTargets", "OperatorAlarmsOldCanvasRequests", "OperatorAlarmsOldEvents",
	"OperatorAlarmsUnreadPackages",
}

// TestAttentionRingsWithWhatScientistsNotice lets each alarm of the stack ring alone.
func TestAttentionRingsWithWhatScientistsNotice(t *testing.T) {
	stack := stackOf(t, "guarded")
	assert.Equal(t, len(stack.Composites), 1)
	attention := stack.Composites[0]
	assert.Equal(t, attention.Evaluate(map[string]State{}), OK)
	rang := 0
	for _, alarm := range stack.Alarms {
		hurts := slices.ContainsFunc(noticed, func(name string) bool {
			return len(alarm.Name) == len(name)+len("12345678") && strings.HasPrefix(alarm.Name, name)
		})
		wanted := OK
		if hurts {
			wanted = Ringing
			rang++
		}
		assert.Check(t, attention.Evaluate(map[string]State{alarm.Name: Ringing}) == wanted, alarm.Name)
	}
	assert.Equal(t, rang, len(noticed))
	assert.Equal(t, len(stackOf(t, "dev").Composites), 0)
}

func TestOtherRulesAreNotSimulated(t *testing.T) {
	for _, rule := range []string{`ALARM(\"A.Arn\") AND ALARM(\"B.Arn\")`, `NOT ALARM(\"A.Arn\")`, ``} {
		_, err := Read([]byte(`{"Resources": {"C": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {"AlarmRule": "` + rule + `"}}}}`))
		assert.ErrorContains(t, err, "C: AlarmRule")
	}
}
