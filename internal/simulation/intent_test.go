package simulation

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// scene is what one period of each metric looks like, for so many periods, and
// whether somebody hears of it.
type scene struct {
	alarm, story string
	// values are one period's, by the metric's name.
	values  map[string]float64
	periods int
	rings   bool
}

const none = 0

// scenes are what each alarm is for, and what it is not for.
var scenes = []scene{
	{"WebhooksFailed", "signed webhooks fail", map[string]float64{"WebhooksFailed": 5}, 2, true},
	{"WebhooksFailed", "a queue that hiccups once", map[string]float64{"WebhooksFailed": 40}, 1, false},
	{"WebhooksFailed", "anonymous calls, which count nowhere", nil, 60, false},
	{"UnhealthyTargets", "a task that fails its checks", map[string]float64{"UnHealthyHostCount": 1}, 3, true},
	{"UnhealthyTargets", "a task that starts slowly", map[string]float64{"UnHealthyHostCount": 1}, 2, false},
	{"ExportsFail", "every export of a release fails", map[string]float64{"ExportsFailed": 3}, 1, true},
	{"ExportsFail", "some fail, some succeed", map[string]float64{"ExportsFailed": 9, "ExportsDone": 1}, 12, false},
	{"ExportsFail", "one poison event in a quiet night", map[string]float64{"ExportsFailed": 1}, 1, false},
	{"ApiErrors", "Benchling gets 5xx", map[string]float64{"5xx": 5}, 2, true},
	{"ApiErrors", "a few at a deployment", map[string]float64{"5xx": 4}, 5, false},
	{"SlowAnswers", "answers take nearly three seconds", map[string]float64{"Latency": 2500}, 5, true},
	{"SlowAnswers", "a slow minute", map[string]float64{"Latency": 2900}, 4, false},
	{"LoadBalancerErrors", "no task takes connections", map[string]float64{"HTTPCode_ELB_5XX_Count": 5}, 2, true},
	{"LoadBalancerErrors", "one", map[string]float64{"HTTPCode_ELB_5XX_Count": 1}, 10, false},
	{"NoHealthyTargets", "no task is healthy", map[string]float64{"HealthyHostCount": none}, 2, true},
	{"NoHealthyTargets", "no target is registered at all", nil, 2, true},
	{"NoHealthyTargets", "one of several", map[string]float64{"HealthyHostCount": 1}, 10, false},
	{"FrontDoorClosed", "the probe fails", map[string]float64{"FrontDoorAnswered": none}, 3, true},
	{"FrontDoorClosed", "no worker probes", nil, 3, true},
	{"FrontDoorClosed", "the way is open", map[string]float64{"FrontDoorAnswered": 1}, 10, false},
	{"DeadLetters", "one dead letter", map[string]float64{"ApproximateNumberOfMessagesVisible": 1}, 1, true},
	{"DeadLetters", "none", map[string]float64{"ApproximateNumberOfMessagesVisible": none}, 60, false},
	{"OldEvents", "events wait and nobody comes", map[string]float64{"ApproximateNumberOfMessagesVisible": 1, "ApproximateAgeOfOldestMessage": 1800}, 5, true},
	{"OldEvents", "all are in work, or put off", map[string]float64{"ApproximateNumberOfMessagesVisible": none, "ApproximateAgeOfOldestMessage": 5000}, 60, false},
	{"OldEvents", "a burst that is worked off", map[string]float64{"ApproximateNumberOfMessagesVisible": 400, "ApproximateAgeOfOldestMessage": 900}, 30, false},
	{"OldCanvasRequests", "a click that nobody sees", map[string]float64{"ApproximateNumberOfMessagesVisible": 1, "ApproximateAgeOfOldestMessage": 60}, 3, true},
	{"OldCanvasRequests", "a canvas that waits for Benchling", map[string]float64{"ApproximateNumberOfMessagesVisible": none, "ApproximateAgeOfOldestMessage": 300}, 10, false},
	{"UnreadPackages", "nobody has read for a day", map[string]float64{"ApproximateAgeOfOldestMessage": 86400}, 1, true},
	{"UnreadPackages", "an hour", map[string]float64{"ApproximateAgeOfOldestMessage": 3600}, 60, false},
	{"UnconfirmedPackages", "Quilt is silent about one", map[string]float64{"PackagesUnconfirmed": 1}, 1, true},
	{"UnconfirmedPackages", "a night without packages", nil, 60, false},
	{"SecretNotUsed", "a client secret that Benchling refuses", map[string]float64{"SecretNotUsed": 1}, 5, true},
	{"SecretNotUsed", "a client secret that Benchling knows minutes later", map[string]float64{"SecretNotUsed": 1}, 4, false},
	{"ThrottledClaims", "the table is throttled", map[string]float64{"WriteThrottleEvents": 3}, 3, true},
	{"ThrottledClaims", "one minute of it", map[string]float64{"ReadThrottleEvents": 50}, 2, false},
	{"WebMemory", "nearly full", map[string]float64{"MemoryUtilization": 85}, 5, true},
	{"WebMemory", "half full", map[string]float64{"MemoryUtilization": 50}, 60, false},
	{"WorkerMemory", "nearly full", map[string]float64{"MemoryUtilization": 85}, 5, true},
	{"WorkerMemory", "a large export", map[string]float64{"MemoryUtilization": 99}, 4, false},
	{"WebNotReady", "the secret stays empty", map[string]float64{"NotReady": 1}, 15, true},
	{"WebNotReady", "a task that starts", map[string]float64{"NotReady": 1}, 5, false},
	{"WorkerNotReady", "the credentials stay refused", map[string]float64{"NotReady": 1}, 15, true},
	{"WorkerNotReady", "ready", map[string]float64{"NotReady": none}, 60, false},
	{"WebLogLinesLost", "a thousand lines don't arrive", map[string]float64{"LogLines": 5000, "IncomingLogEvents": 4000}, 1, true},
	{"WebLogLinesLost", "some arrive in the next hour", map[string]float64{"LogLines": 5000, "IncomingLogEvents": 4950}, 5, false},
	{"WorkerLogLinesLost", "none arrives", map[string]float64{"LogLines": 500}, 1, true},
	{"WorkerLogLinesLost", "the driver counts more than the service", map[string]float64{"LogLines": 500, "IncomingLogEvents": 600}, 5, false},
}

// published are the metrics of AWS's that alarms look at, with the dimensions
// under which AWS publishes them.
//
// Source: the page of CloudWatch metrics in each service's guide.
var published = map[string]string{
	"AWS/ApiGateway 5xx":                            "ApiId",
	"AWS/ApiGateway Latency":                        "ApiId",
	"AWS/ApplicationELB HTTPCode_ELB_5XX_Count":     "LoadBalancer",
	"AWS/ApplicationELB HealthyHostCount":           "LoadBalancer TargetGroup",
	"AWS/ApplicationELB UnHealthyHostCount":         "LoadBalancer TargetGroup",
	"AWS/DynamoDB ReadThrottleEvents":               "TableName",
	"AWS/DynamoDB WriteThrottleEvents":              "TableName",
	"AWS/ECS MemoryUtilization":                     "ClusterName ServiceName",
	"AWS/Logs IncomingLogEvents":                    "LogGroupName",
	"AWS/SQS ApproximateAgeOfOldestMessage":         "QueueName",
	"AWS/SQS ApproximateNumberOfMessagesNotVisible": "QueueName",
	"AWS/SQS ApproximateNumberOfMessagesVisible":    "QueueName",
}

var dimensionName = regexp.MustCompile(`(?:^|,)([A-Za-z]+)=`)

// TestAlarmsLookAtMetricsThatExist holds every alarm's metrics against what AWS
// publishes, and against what the service's source writes: an alarm on a metric
// that nobody publishes never rings.
func TestAlarmsLookAtMetricsThatExist(t *testing.T) {
	sources := os.DirFS("../../docker/src")
	var service strings.Builder
	assert.NilError(t, fs.WalkDir(sources, ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".py" {
			return err
		}
		text, err := fs.ReadFile(sources, path)
		service.Write(text)
		return err
	}))
	for _, shape := range []string{"dev", "prod", "existing-quilt", "guarded", "linked-only"} {
		for _, a := range stackOf(t, shape).Alarms {
			for _, m := range a.Metrics() {
				var names []string
				for _, dimension := range dimensionName.FindAllStringSubmatch(m.Dimensions, -1) {
					names = append(names, dimension[1])
				}
				if m.Namespace == "BenchlingWebhook" {
					assert.Check(t, strings.Contains(service.String(), `"`+m.Name+`"`), "%s: the service never writes %s", a.Name, m.Name)
					continue
				}
				assert.Check(t, published[m.Namespace+" "+m.Name] == strings.Join(names, " "), "%s: %s %s by %v", a.Name, m.Namespace, m.Name, names)
			}
		}
	}
}

// TestAlarmsAreForWhatTheySay plays every scene against the alarms of the shapes
// that have them, by the templates' own figures. Every alarm that people or
// deployments hear of has a scene in which it rings, and one in which it doesn't.
func TestAlarmsAreForWhatTheySay(t *testing.T) {
	played := map[string]map[bool]bool{}
	for _, shape := range []string{"dev", "prod", "existing-quilt"} {
		for _, a := range stackOf(t, shape).Alarms {
			if strings.Contains(a.Name, "TaskCountTarget") {
				continue
			}
			if played[a.Name] == nil {
				played[a.Name] = map[bool]bool{}
			}
			for _, s := range scenes {
				if !strings.Contains(a.Name, "Alarms"+s.alarm) {
					continue
				}
				played[a.Name][s.rings] = true
				metrics := Metrics{}
				for period := range s.periods {
					for _, metric := range a.Metrics() {
						if value, given := s.values[metric.Name]; given {
							metrics.Publish(metric, (period+1)*a.Period, value)
						}
					}
				}
				// Before the scene all was well, where silence is a fault.
				state, _ := a.Evaluate(metrics, max(s.periods, a.Periods)*a.Period, OK)
				assert.Equal(t, state == Ringing, s.rings, "%s, %s: %s", shape, a.Name, s.story)
			}
		}
	}
	for name, states := range played {
		assert.Check(t, states[true] && states[false], "%s has no scene in which it rings, or none in which it doesn't", name)
	}
}
