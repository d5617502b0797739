package simulation

import (
	"fmt"
	"testing"

	"gotest.tools/v3/assert"
)

// scaled is a template with one target between 1 and 10, and one step policy for
// each alarm: its comparison, threshold and periods, then type, cooldown and steps.
func scaled(t *testing.T, policies ...string) (Stack, *Scaler, Metrics) {
	t.Helper()
	text := `{"Resources": {"Target": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {"MinCapacity": 1, "MaxCapacity": 10}}`
	for i := 0; i < len(policies); i += 2 {
		text += fmt.Sprintf(`, "Policy%d": {"Type": "AWS::ApplicationAutoScaling::ScalingPolicy", "Properties": {"ScalingTargetId": {"Ref": "Target"}, %s}}`, i, policies[i+1])
		if policies[i] != "" {
			text += fmt.Sprintf(`, "Alarm%d": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Namespace": "N", "MetricName": "M", "Statistic": "Maximum",
				"Period": 60, "AlarmActions": [{"Ref": "Policy%[1]d"}], %s}}`, i, policies[i])
		}
	}
	stack, err := Read([]byte(text + "}}"))
	assert.NilError(t, err)
	target, err := stack.Target("Target")
	assert.NilError(t, err)
	return stack, NewScaler(stack, target), Metrics{}
}

// steps returns a step policy's properties.
func steps(adjustment string, cooldown int, bounds string) string {
	return fmt.Sprintf(`"PolicyType": "StepScaling", "StepScalingPolicyConfiguration": {"AdjustmentType": %q, "Cooldown": %d, "StepAdjustments": [%s]}`, adjustment, cooldown, bounds)
}

const (
	above = `"ComparisonOperator": "GreaterThanOrEqualToThreshold", "Threshold": 20, "EvaluationPeriods": 1`
	under = `"ComparisonOperator": "LessThanOrEqualToThreshold", "Threshold": 4, "EvaluationPeriods": 2`
)

// desired plays a value each minute and returns the tasks after each.
func desired(s *Scaler, metrics Metrics, m Metric, values ...float64) []int {
	var tasks []int
	from := 0
	if all := metrics[m]; len(all) > 0 {
		from = all[len(all)-1].at
	}
	for i, value := range values {
		at := from + (i+1)*minute
		metrics.Publish(m, at, value)
		s.Step(metrics, at)
		tasks = append(tasks, s.Desired)
	}
	return tasks
}

var watchedMetric = Metric{"N", "M", ""}

func TestStepsTowardsTheThresholdAreInclusive(t *testing.T) {
	up := steps("ChangeInCapacity", 0, `{"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1}, {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 3}`)
	_, s, metrics := scaled(t, above, up)
	assert.DeepEqual(t, desired(s, metrics, watchedMetric, 19, 20, 29, 30, 99, 99), []int{1, 2, 3, 6, 9, 10})

	down := steps("ExactCapacity", 0, `{"MetricIntervalLowerBound": -2, "MetricIntervalUpperBound": 0, "ScalingAdjustment": 5}, {"MetricIntervalUpperBound": -2, "ScalingAdjustment": 2}`)
	_, s, metrics = scaled(t, under, down)
	s.Desired = 9
	// The average of the two minutes decides.
	assert.DeepEqual(t, desired(s, metrics, watchedMetric, 5, 4, 4, 3, 1, 5), []int{9, 9, 5, 5, 2, 2})
}

func TestCooldowns(t *testing.T) {
	up := steps("ChangeInCapacity", 120, `{"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1}, {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 3}`)
	down := steps("ChangeInCapacity", 120, `{"MetricIntervalUpperBound": 0, "ScalingAdjustment": -1}`)
	_, s, metrics := scaled(t, above, up, under, down)
	// What was added counts as part of a larger step; then each cooldown is waited for.
	assert.DeepEqual(t, desired(s, metrics, watchedMetric, 20, 20, 30), []int{2, 2, 5})
	// Two minutes low, after the cooldown of the scale-out; then each other minute.
	assert.DeepEqual(t, desired(s, metrics, watchedMetric, 10, 0, 0, 0, 0, 0), []int{5, 5, 4, 4, 3, 3})
	// A scale-out doesn't wait for the cooldown of a scale-in.
	assert.DeepEqual(t, desired(s, metrics, watchedMetric, 20), []int{4})
}

func TestADeploymentKeepsTasks(t *testing.T) {
	down := steps("ChangeInCapacity", 0, `{"MetricIntervalUpperBound": 0, "ScalingAdjustment": -1}`)
	_, s, metrics := scaled(t, under, down)
	s.Desired, s.Deploying = 5, true
	assert.DeepEqual(t, desired(s, metrics, watchedMetric, 0, 0, 0), []int{5, 5, 5})
	s.Deploying = false
	assert.DeepEqual(t, desired(s, metrics, watchedMetric, 0), []int{4})
}

func TestTheMostTasksWin(t *testing.T) {
	one := steps("ChangeInCapacity", 0, `{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}`)
	exact := steps("ExactCapacity", 0, `{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 3}`)
	_, s, metrics := scaled(t, above, one, above, exact)
	assert.DeepEqual(t, desired(s, metrics, watchedMetric, 20, 20, 20), []int{3, 4, 5})
}

// tracked returns a tracking policy's properties.
func tracked(kind string) string {
	return `"PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 60, "ScaleInCooldown": 300, "ScaleOutCooldown": 60,
		"PredefinedMetricSpecification": {"PredefinedMetricType": "` + kind + `"}}`
}

func TestTargetTracking(t *testing.T) {
	_, s, metrics := scaled(t, "", tracked("Cpu"), "", tracked("Requests"))
	s.Desired = 4
	cpu, requests := Predefined("Cpu", "Target"), Predefined("Requests", "Target")
	play := func(minutes int, load, rate float64) {
		for range minutes {
			at := (len(metrics[cpu]) + 1) * minute
			metrics.Publish(requests, at, rate)
			desired(s, metrics, cpu, load)
		}
	}
	play(2, 90, 10)
	assert.Equal(t, s.Desired, 4, "two of three minutes")
	play(1, 90, 10)
	assert.Equal(t, s.Desired, 6, "4 tasks at 90 of 60 are 6")
	play(20, 10, 58)
	assert.Equal(t, s.Desired, 6, "one of two would scale in")
	play(14, 10, 20)
	assert.Equal(t, s.Desired, 6, "fourteen of fifteen minutes")
	play(1, 10, 20)
	assert.Equal(t, s.Desired, 2, "6 tasks at 20 of 60 are 2, more than 1 for the other policy")
}

func TestWebhookScalingOfTheTemplates(t *testing.T) {
	for _, shape := range shapes {
		stack := stackOf(t, shape)
		target, err := stack.Target("WebhookService")
		assert.NilError(t, err)
		s, metrics := NewScaler(stack, target), Metrics{}
		cpu := Predefined("ECSServiceAverageCPUUtilization", target.Name)
		desired(s, metrics, cpu, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100)
		assert.Equal(t, s.Desired, target.Max, shape)
	}
}
