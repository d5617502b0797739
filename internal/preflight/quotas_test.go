package preflight

import (
	"encoding/json"
	"os"
	"testing"

	"gotest.tools/v3/assert"

	"benchlingwebhook/stacks"
)

// TestRolloutFactorIsTheTemplates holds how many tasks a rollout starts against the
// services' own figure.
func TestRolloutFactorIsTheTemplates(t *testing.T) {
	text, err := os.ReadFile("../../stacks/testdata/prod.template.json")
	assert.NilError(t, err)
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties struct {
				DeploymentConfiguration struct{ MaximumPercent int }
			}
		}
	}
	assert.NilError(t, json.Unmarshal(text, &template))
	services := 0
	for _, resource := range template.Resources {
		if resource.Type == "AWS::ECS::Service" {
			services++
			assert.Equal(t, resource.Properties.DeploymentConfiguration.MaximumPercent, 100*rolloutFactor)
		}
	}
	assert.Equal(t, services, 2)
}

// TestNeededVCPUs counts the tasks of a rollout, or of a busy day where those are more.
func TestNeededVCPUs(t *testing.T) {
	s := stacks.DefaultSettings("dev")
	for _, c := range []struct {
		most int
		want float64
	}{{4, 3}, {1, 2}, {20, 7}} {
		s.MaxCount = c.most
		if c.most == 1 {
			s.WorkerMaxCount = 1
		} else {
			s.WorkerMaxCount = 4
		}
		i := &inspection{settings: s}
		assert.Equal(t, i.quotas()[0].needed, c.want, c.most)
	}
}
