package resources

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// Figure is a time in seconds, or a count, and where it is read.
type Figure struct {
	Seconds float64
	Source  string
}

// What AWS allows at most.
var limits = map[string]Figure{
	"Fargate's longest stop":            {120, "API reference of ECS, ContainerDefinition, stopTimeout"},
	"API Gateway's longest integration": {30, "API reference of API Gateway V2, Integration, timeoutInMillis"},
	"SQS's longest hiding":              {12 * 3600, "guide of SQS, visibility timeout"},
}

// constants are the figures of the service's and the stack's sources, by file and name.
var constants = map[string][2]string{
	"server keep-alive":         {"docker/src/runtime/connections.py", "KEEP_ALIVE_SECONDS"},
	"server's longest request":  {"docker/src/runtime/connections.py", "REQUEST_SECONDS"},
	"revision hidden":           {"docker/src/worker.py", "REVISION_SECONDS"},
	"longest send to the queue": {"docker/src/webhook/batch_sender.py", "WAIT_SECONDS"},
	"Benchling's wait":          {"constructs/timing.go", "benchlingWaits"},
	"worker gives back":         {"docker/src/queues/threads.py", "GIVE_BACK_SECONDS"},
	"claim lease":               {"docker/src/runtime/settings.py", "lease_seconds"},
	"canvas request hidden":     {"docker/src/canvas/canvas_consumer.py", "HIDDEN_SECONDS"},
	"Benchling's export":        {"docker/src/export/benchling_client.py", "EXPORT_SECONDS"},
	"receives of the worker":    {"docker/src/queues/consumer.py", "MAX_RECEIVES"},
	"longest hidden":            {"docker/src/queues/sqs.py", "MAX_HIDDEN_SECONDS"},
	"claim kept":                {"docker/src/queues/claims.py", "KEEP_SECONDS"},
	"front door probe":          {"docker/src/runtime/front_door.py", "PERIOD_SECONDS"},
	"heartbeat":                 {"docker/src/runtime/heartbeat.py", "PERIOD_SECONDS"},
}

// constant reads a number, or a product of numbers, from a source file of Python or Go.
func constant(root, file, name string) (float64, error) {
	source, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(name) + `(?:: [^=]+)? = ([0-9. *]+?)( \* time\.Second)?$`).FindSubmatch(source)
	if found == nil {
		return 0, fmt.Errorf("%s: sets no %s", file, name)
	}
	product := 1.0
	for _, factor := range strings.Split(string(found[1]), "*") {
		n, err := strconv.ParseFloat(strings.TrimSpace(factor), 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %s: %w", file, name, err)
		}
		product *= n
	}
	return product, nil
}

// Figures returns all times of a deployed stack, of the sources below root, and of AWS.
func Figures(d *Deployed, root string) (map[string]Figure, error) {
	found := map[string]Figure{}
	for name, it := range limits {
		found[name] = it
	}
	var problems []error
	for name, it := range constants {
		seconds, err := constant(root, it[0], it[1])
		problems = append(problems, err)
		found[name] = Figure{seconds, it[0] + ", " + it[1]}
	}
	front := d.FrontDoor
	text := func(name, value, source string) {
		seconds, err := strconv.ParseFloat(value, 64)
		if err != nil {
			problems = append(problems, fmt.Errorf("stack %s: %s: %q is no time", d.Stack.Name, source, value))
		}
		found[name] = Figure{seconds, source}
	}
	text("load balancer idle timeout", front.BalancerAttributes["idle_timeout.timeout_seconds"], "DescribeLoadBalancerAttributes")
	text("deregistration delay", front.TargetAttributes["deregistration_delay.timeout_seconds"], "DescribeTargetGroupAttributes")
	found["target check interval"] = Figure{float64(aws.ToInt32(front.TargetGroup.HealthCheckIntervalSeconds)), "DescribeTargetGroups"}
	found["target check timeout"] = Figure{float64(aws.ToInt32(front.TargetGroup.HealthCheckTimeoutSeconds)), "DescribeTargetGroups"}
	found["integration timeout"] = Figure{float64(aws.ToInt32(front.Integration.TimeoutInMillis)) / 1000, "GetIntegrations"}
	d.taskFigures(found, text)
	d.queueFigures(found)
	d.alarmFigures(found)
	delete(found, "longest hidden")
	return found, errors.Join(problems...)
}

// taskFigures adds the times of the services' tasks.
func (d *Deployed) taskFigures(found map[string]Figure, text func(name, value, source string)) {
	for _, task := range d.Tasks {
		it := task.ContainerDefinitions[0]
		name := aws.ToString(it.Name)
		found[name+" stop timeout"] = Figure{float64(aws.ToInt32(it.StopTimeout)), "DescribeTaskDefinition"}
		text(name+"'s own stop", variable(it, "STOP_TIMEOUT_SECONDS"), "DescribeTaskDefinition, STOP_TIMEOUT_SECONDS")
		if check := it.HealthCheck; check != nil {
			found[name+" check interval"] = Figure{float64(aws.ToInt32(check.Interval)), "DescribeTaskDefinition"}
			found[name+" check timeout"] = Figure{float64(aws.ToInt32(check.Timeout)), "DescribeTaskDefinition"}
			if name == "web" {
				found["web start period"] = Figure{float64(aws.ToInt32(check.StartPeriod)), "DescribeTaskDefinition"}
			}
		}
		if name == "web" {
			text("web shutdown delay", variable(it, "SHUTDOWN_DELAY_SECONDS"), "DescribeTaskDefinition, SHUTDOWN_DELAY_SECONDS")
			continue
		}
		text("export timeout", variable(it, "EXPORT_TIMEOUT_SECONDS"), "DescribeTaskDefinition, EXPORT_TIMEOUT_SECONDS")
		text("confirmation wait", variable(it, "CONFIRM_SECONDS"), "DescribeTaskDefinition, CONFIRM_SECONDS")
		if lease := variable(it, "LEASE_SECONDS"); lease != "" {
			text("claim lease", lease, "DescribeTaskDefinition, LEASE_SECONDS")
		}
	}
	for _, service := range d.Services {
		if len(service.LoadBalancers) > 0 {
			found["web grace period"] = Figure{float64(aws.ToInt32(service.HealthCheckGracePeriodSeconds)), "DescribeServices"}
		}
	}
}

// variable returns the value of a container's environment variable, empty for none.
func variable(it ecstypes.ContainerDefinition, name string) string {
	for _, pair := range it.Environment {
		if aws.ToString(pair.Name) == name {
			return aws.ToString(pair.Value)
		}
	}
	return ""
}

// queueFigures adds the shortest visibility timeout and retention of the queues, and how
// long a message can be retried.
func (d *Deployed) queueFigures(found map[string]Figure) {
	lowest := func(name, attribute string, value int) {
		if it, has := found[name]; !has || float64(value) < it.Seconds {
			found[name] = Figure{float64(value), "GetQueueAttributes, " + attribute}
		}
	}
	for _, it := range d.Queues {
		kept := number(it, "MessageRetentionPeriod")
		lowest("visibility timeout", "VisibilityTimeout", number(it, "VisibilityTimeout"))
		lowest("shortest retention", "MessageRetentionPeriod", kept)
		found["longest retention"] = Figure{max(float64(kept), found["longest retention"].Seconds), "GetQueueAttributes, MessageRetentionPeriod"}
		if policy, has := redriveOf(it); has {
			lowest("receives of the queue", "RedrivePolicy", policy.MaxReceiveCount)
			retried := float64(policy.MaxReceiveCount) * found["longest hidden"].Seconds
			found["longest retry"] = Figure{max(retried, found["longest retry"].Seconds), "GetQueueAttributes, RedrivePolicy; " + found["longest hidden"].Source}
		}
	}
}

// alarmFigures adds the thresholds and periods of alarms on times.
func (d *Deployed) alarmFigures(found map[string]Figure) {
	for id, it := range d.Alarms {
		switch {
		case strings.HasPrefix(id, "OperatorAlarmsSlowAnswers"):
			found["slow response alarm"] = Figure{aws.ToFloat64(it.Threshold) / 1000, "DescribeAlarms, " + id}
		case strings.HasPrefix(id, "OperatorAlarmsUnreadPackages"):
			found["unread package alarm"] = Figure{aws.ToFloat64(it.Threshold), "DescribeAlarms, " + id}
		case strings.HasPrefix(id, "OperatorAlarmsFrontDoorClosed"):
			found["front door alarm period"] = periodOf(id, it)
		case strings.HasPrefix(id, "OperatorAlarmsWebNotReady"):
			found["not ready alarm period"] = periodOf(id, it)
		}
	}
}

func periodOf(id string, it types.MetricAlarm) Figure {
	_, _, period := metrics(it)
	return Figure{float64(period), "DescribeAlarms, " + id}
}
