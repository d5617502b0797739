package stacks_test

import (
	"encoding/json"
	"slices"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"

	"benchlingwebhook/constructs"
)

// TestSpotIsTheWorkersAlone holds that the worker's service names Fargate Spot once the
// cluster has it, and that the web service, which Benchling calls, isn't on it.
func TestSpotIsTheWorkersAlone(t *testing.T) {
	template := string(golden.Get(t, "frugal.template.json"))
	service := of(t, template, worker, "AWS::ECS::Service")
	assert.DeepEqual(t, service["CapacityProviderStrategy"], []any{map[string]any{"CapacityProvider": "FARGATE_SPOT", "Weight": 1.0}})
	assert.Equal(t, service["LaunchType"], nil)
	assert.Equal(t, of(t, template, web, "AWS::ECS::Service")["LaunchType"], "FARGATE")

	var parsed struct {
		Resources map[string]struct {
			Type      string
			DependsOn []string
		}
	}
	assert.NilError(t, json.Unmarshal([]byte(template), &parsed))
	associations := resources(t, template, "AWS::ECS::ClusterCapacityProviderAssociations")
	assert.Equal(t, len(associations), 1)
	for id := range associations {
		for dependent, r := range parsed.Resources {
			if r.Type == "AWS::ECS::Service" && dependent[:len(worker)] == worker {
				assert.Check(t, slices.Contains(r.DependsOn, id), "%s doesn't wait for %s", dependent, id)
			}
		}
	}
}

// TestHoursHoldForOneTask holds that a worker that doesn't scale has its hours, too.
func TestHoursHoldForOneTask(t *testing.T) {
	settings := settingsOf(t, "dev")
	settings.WorkerMaxCount = settings.WorkerSize.Desired
	settings.WorkerHours = &constructs.Hours{From: "00:05", To: "18:00", Days: "SUN,WED", TimeZone: "UTC"}
	target := of(t, synth(t, settings, contractOf(t, dockerfile)), worker, "AWS::ApplicationAutoScaling::ScalableTarget")
	var found []any
	for _, action := range target["ScheduledActions"].([]any) {
		action := action.(map[string]any)
		found = append(found, action["Schedule"], action["ScalableTargetAction"])
	}
	assert.DeepEqual(t, found, []any{
		"cron(5 0 ? * SUN,WED *)", map[string]any{"MinCapacity": 1.0, "MaxCapacity": 1.0},
		"cron(0 18 ? * SUN,WED *)", map[string]any{"MinCapacity": 0.0, "MaxCapacity": 0.0},
	})
}
