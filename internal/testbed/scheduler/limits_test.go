package scheduler

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/emulator/emulatortest"
)

// TestThreshold has the examples of ECS's developer guide, "How the Amazon ECS deployment
// circuit breaker detects failures", then others.
func TestThreshold(t *testing.T) {
	for _, c := range []struct {
		kind                     types.ThresholdType
		value, desired, failures int
	}{
		{types.ThresholdTypeBoundedPercent, 50, 1, 3},
		{types.ThresholdTypeBoundedPercent, 50, 25, 13},
		{types.ThresholdTypeBoundedPercent, 50, 400, 200},
		{types.ThresholdTypeBoundedPercent, 50, 800, 200},
		{types.ThresholdTypeBoundedPercent, 50, 7, 4},
		{types.ThresholdTypeUnboundedPercent, 50, 1, 1},
		{types.ThresholdTypeUnboundedPercent, 50, 800, 400},
		{types.ThresholdTypeCount, 5, 800, 5},
	} {
		assert.Check(t, (Breaker{Type: c.kind, Value: c.value}).threshold(c.desired) == c.failures, "%v", c)
	}
}

// TestFiguresAgreeWithECS compares this package's figures with the words of ECS's API
// model.
func TestFiguresAgreeWithECS(t *testing.T) {
	model := emulatortest.ReadModel(t, "ecs")
	says := func(shape, member, pattern string, figures ...int) {
		t.Helper()
		for i, found := range model.Find(shape, member, pattern) {
			assert.Equal(t, found, strconv.Itoa(figures[i]), "%s.%s", shape, member)
		}
	}
	var p serviceProperties
	assert.NilError(t, json.Unmarshal([]byte(withDefaults), &p))
	d := p.DeploymentConfiguration
	says("ServiceDeploymentCircuitBreaker", "threshold", `minimum threshold of (\d+) and a maximum threshold of (\d+)`, leastThreshold, mostThreshold)
	model.Find("DeploymentCircuitBreaker", "resetOnHealthyTask", "The default is "+strconv.FormatBool(d.DeploymentCircuitBreaker.ResetOnHealthyTask))
	model.Find("ThresholdConfiguration", "type", "The default is "+string(d.DeploymentCircuitBreaker.ThresholdConfiguration.Type))
	says("ThresholdConfiguration", "value", `The default is (\d+)`, d.DeploymentCircuitBreaker.ThresholdConfiguration.Value)
	says("DeploymentConfiguration", "minimumHealthyPercent", `wait for (\d+) seconds after a task reaches a RUNNING`, int(uncheckedHealthy/time.Second))
	says("DeploymentConfiguration", "minimumHealthyPercent", `default value for a replica service for minimumHealthyPercent is (\d+)%`, d.MinimumHealthyPercent)
	says("DeploymentConfiguration", "maximumPercent", `REPLICA service scheduler is (\d+)%`, d.MaximumPercent)
	says("CreateServiceRequest", "healthCheckGracePeriodSeconds", `default value of (\d+) is used`, p.HealthCheckGracePeriodSeconds)

	model.Find("DeploymentConfiguration", "minimumHealthyPercent", "rounded up to the nearest integer")
	model.Find("DeploymentConfiguration", "maximumPercent", "rounded down to the nearest integer")
	half := Figures{MinimumHealthyPercent: 50, MaximumPercent: 150}
	assert.Equal(t, half.minimum(3), 2)
	assert.Equal(t, half.maximum(3), 4)
}

func TestThrottleOfFailures(t *testing.T) {
	for failures, wait := range map[int]time.Duration{1: 10 * time.Second, 2: 20 * time.Second, 5: 160 * time.Second, 9: longestThrottle, 1000: longestThrottle} {
		assert.Equal(t, throttle(failures), wait, "after %d", failures)
	}
}

func TestChecked(t *testing.T) {
	check, no := &types.HealthCheck{Command: []string{"CMD", "check"}}, false
	for _, c := range []struct {
		containers []types.ContainerDefinition
		checked    bool
	}{
		{[]types.ContainerDefinition{{}}, false},
		{[]types.ContainerDefinition{{HealthCheck: check}}, true},
		{[]types.ContainerDefinition{{}, {HealthCheck: check, Essential: &no}}, false},
		{[]types.ContainerDefinition{{HealthCheck: &types.HealthCheck{Command: []string{"NONE"}}}}, false},
	} {
		assert.Equal(t, checked(types.TaskDefinition{ContainerDefinitions: c.containers}), c.checked)
	}
}
