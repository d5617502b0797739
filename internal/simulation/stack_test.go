package simulation

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// shapes are the environments whose golden templates are simulated.
var shapes = []string{"prod", "dev"}

func stackOf(t *testing.T, shape string) Stack {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../stacks/testdata", shape+".template.json"))
	assert.NilError(t, err)
	stack, err := Read(text)
	assert.NilError(t, err)
	return stack
}

// concurrency is the service's own default of WORKER_CONCURRENCY.
func concurrency(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("../../docker/src/runtime/settings.py")
	assert.NilError(t, err)
	found := regexp.MustCompile(`(?m)^ +worker_concurrency: .* = (\d+)$`).FindSubmatch(text)
	assert.Assert(t, found != nil)
	number, err := strconv.Atoi(string(found[1]))
	assert.NilError(t, err)
	return number
}

func TestReadNamesWhatItDoesNotSimulate(t *testing.T) {
	_, err := Read([]byte(`{"Resources": {
		"A": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"ComparisonOperator": "GreaterThanThreshold",
			"Metrics": [{"Id": "e", "Expression": "RATE(m)"}, {"Id": "m", "ReturnData": false, "MetricStat": {"Stat": "Sum", "Period": 60, "Metric": {}}}]}},
		"B": {"Type": "AWS::ApplicationAutoScaling::ScalingPolicy", "Properties": {"PolicyType": "PredictiveScaling"}},
		"C": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {"ScheduledActions": [{}]}},
		"D": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"ComparisonOperator": "LessThanThreshold", "Statistic": "TM", "Period": 60}}
	}}`))
	assert.Error(t, err, strings.Join([]string{
		`A: expression "RATE(m)": the function RATE is not simulated: use FILL, IF, MAX, MIN or SUM, or add it to internal/simulation`,
		`B: PolicyType "PredictiveScaling" is not simulated: use StepScaling or TargetTrackingScaling`,
		`C: ScheduledActions are not simulated: scale by policies`,
		`D: the statistic "TM" is not simulated: use Average, Maximum, Minimum, SampleCount, Sum or a percentile such as p99`,
	}, "\n"))
}

// TestTasksHavePlaces compares the figure that the stack scales by with the
// service's own.
func TestTasksHavePlaces(t *testing.T) {
	for _, shape := range shapes {
		stack := stackOf(t, shape)
		target, err := stack.Target(workerTarget)
		assert.NilError(t, err)
		quiet, err := stack.Alarm("WorkerServiceTaskCountTargetQuiet")
		assert.NilError(t, err)
		assert.Equal(t, quiet.Threshold, float64(target.Min*concurrency(t)), shape)
	}
}

func TestOneNamesWhatIsAmbiguous(t *testing.T) {
	_, err := stackOf(t, "prod").Alarm("Alarms")
	assert.ErrorContains(t, err, `resources of the template begin with "Alarms": name one`)
	_, err = stackOf(t, "prod").Queue("None")
	assert.Error(t, err, `0 resources of the template begin with "None": name one`)
}
