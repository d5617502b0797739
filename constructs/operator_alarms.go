package constructs

import (
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const (
	// canvasWait is how long a click may wait.
	canvasWait = time.Minute
	// slowMargin is how long before Benchling gives up a response is slow.
	slowMargin = 500 * time.Millisecond
	// packagingWait is how long a message for Quilt may wait for a reader.
	packagingWait = 24 * time.Hour
	// memoryPercent is when a task's memory is nearly used up.
	memoryPercent = 85
	// probePeriod is how often the worker calls the front door
	// (docker/src/runtime/front_door.py).
	probePeriod = 5 * time.Minute
	// lostLines is how many log lines may be missing in an hour: CloudWatch counts
	// some of them in the next.
	lostLines = 100
)

// OperatorAlarmsProps says what is watched.
type OperatorAlarmsProps struct {
	// Ingress gives errors, latency and targets.
	Ingress Ingress
	// Queue gives age and dead letters.
	Queue IntakeQueue
	// Exports gives the age of the packaging queue, where nobody is known to read it;
	// nil without exports.
	Exports *Exports
	// Claims gives throttled calls.
	Claims ClaimsTable
	// Webhook and Worker give memory and log lines.
	Webhook WebhookService
	Worker  WorkerService
	// ConfirmWithin is how long Quilt may take for a package; 0 makes no alarm.
	ConfirmWithin time.Duration
	// ExportTimeout is how long an export may take, and so an event that waits for
	// its entry's earlier one.
	ExportTimeout time.Duration
	// Topic is notified of the alarms.
	Topic AlarmTopic
}

// NewOperatorAlarms returns the conditions that a person should know of, beside
// those that take back a deployment.
func NewOperatorAlarms(scope constructs.Construct, id string, props OperatorAlarmsProps) Alarms {
	scope = constructs.NewConstruct(scope, jsii.String(id))
	var all []alarm
	for _, alarms := range [][]alarm{
		frontDoorAlarms(scope, props),
		queueAlarms(props),
		packagingAlarms(scope, props),
		tableAlarms(props.Claims.Table),
		secretAlarms(scope),
		taskAlarms(scope, webContainer, "Web", props.Webhook.Service, props.Webhook.log),
		taskAlarms(scope, workerContainer, "Worker", props.Worker.Service, props.Worker.log),
	} {
		all = append(all, alarms...)
	}
	return newAlarms(scope, all, props.Topic)
}

// frontDoorAlarms watch the way in.
func frontDoorAlarms(scope constructs.Construct, props OperatorAlarmsProps) []alarm {
	ingress := props.Ingress
	return []alarm{
		{
			id: "ApiErrors", hurts: true, description: "Benchling gets 5xx and will retry: see the access log",
			metric:    ingress.Api.MetricServerError(statistic("Sum")),
			threshold: 5, periods: 2,
		},
		{
			id: "SlowAnswers", description: fmt.Sprintf("p99 of the answers nears the %.0f s that Benchling waits (milliseconds)", benchlingWaits.Seconds()),
			metric:    ingress.Api.MetricLatency(statistic("p99")),
			threshold: float64((benchlingWaits - slowMargin).Milliseconds()), periods: 5,
		},
		{
			id: "LoadBalancerErrors", hurts: true, description: "The load balancer itself answers 5xx: no healthy task, or one that closes connections",
			metric:    ingress.LoadBalancer.Metrics().HttpCodeElb(elb.HttpCodeElb_ELB_5XX_COUNT, statistic("Sum")),
			threshold: 5, periods: 2,
		},
		{
			id: "NoHealthyTargets", hurts: true, description: "No web task is healthy: see the service's events",
			metric:    ingress.TargetGroup.Metrics().HealthyHostCount(statistic("Maximum")),
			threshold: 0, periods: 2, below: true,
			silent: awscloudwatch.TreatMissingData_BREACHING,
			after:  props.Webhook.Service,
		},
		{
			id: "FrontDoorClosed", hurts: true, description: "The worker's probe through API Gateway, VPC link and load balancer fails, or no worker runs",
			metric:    serviceMetric(scope, "FrontDoorAnswered", "Maximum", probePeriod),
			threshold: 0, periods: 3, below: true,
			silent: awscloudwatch.TreatMissingData_BREACHING,
			after:  props.Worker.Service,
		},
	}
}

// queueAlarms watch what was acknowledged to Benchling.
func queueAlarms(props OperatorAlarmsProps) []alarm {
	queue := props.Queue
	return []alarm{
		{
			id: "DeadLetters", hurts: true, description: "Events failed for good: read the dead-letter queue, then redrive it",
			metric:    queue.DeadLetters.MetricApproximateNumberOfMessagesVisible(statistic("Maximum")),
			threshold: 1, periods: 1,
		},
		{
			id: "OldEvents", hurts: true, description: fmt.Sprintf("Events wait for longer than %.0f minutes (seconds): is the worker running?", props.ExportTimeout.Minutes()),
			metric:    waiting(queue.Events),
			threshold: props.ExportTimeout.Seconds(), periods: 5,
		},
		{
			id: "OldCanvasRequests", hurts: true, description: fmt.Sprintf("Clicks on canvases wait for longer than %.0f s: is the worker running, and does Benchling answer?", canvasWait.Seconds()),
			metric:    waiting(queue.Canvases),
			threshold: canvasWait.Seconds(), periods: 3,
		},
	}
}

// waiting is the age of a queue's oldest message while some message can be
// received. The age alone counts those that are hidden until their next attempt.
func waiting(queue awssqs.IQueue) awscloudwatch.IMetric {
	return expression("Age of the oldest message while any is visible (s)", "IF(visible > 0, age, 0)", alarmPeriod, map[string]awscloudwatch.IMetric{
		"visible": queue.MetricApproximateNumberOfMessagesVisible(statistic("Minimum")),
		"age":     queue.MetricApproximateAgeOfOldestMessage(statistic("Maximum")),
	})
}

// packagingAlarms watch what was handed to Quilt.
func packagingAlarms(scope constructs.Construct, props OperatorAlarmsProps) []alarm {
	if props.Exports == nil {
		return nil
	}
	var alarms []alarm
	if packaging := props.Exports.Packaging; !packaging.HasReader {
		alarms = append(alarms, alarm{
			id: "UnreadPackages", hurts: true, description: fmt.Sprintf("Nobody reads the packaging queue, which loses its messages after %d days: set packagingQueueArn, or connect Quilt's packager to it", queueRetentionDays),
			metric:    packaging.Queue.MetricApproximateAgeOfOldestMessage(statistic("Maximum")),
			threshold: packagingWait.Seconds(), periods: 1,
		})
	}
	if props.ConfirmWithin > 0 {
		alarms = append(alarms, alarm{
			id: "UnconfirmedPackages", hurts: true, description: fmt.Sprintf("Quilt has not confirmed a package within %.0f minutes: the worker's log line package.unconfirmed names it; "+
				"see Quilt's packager and its dead letters", props.ConfirmWithin.Minutes()),
			metric:    serviceMetric(scope, "PackagesUnconfirmed", "Sum", alarmPeriod),
			threshold: 1, periods: 1,
		})
	}
	return alarms
}

// tableAlarms watch the claims table.
func tableAlarms(table awsdynamodb.Table) []alarm {
	return []alarm{{
		id: "ThrottledClaims", description: "DynamoDB throttles the claims table: exports are late",
		metric: expression("Throttled calls", "FILL(reads, 0) + FILL(writes, 0)", alarmPeriod, map[string]awscloudwatch.IMetric{
			"reads":  table.Metric(jsii.String("ReadThrottleEvents"), statistic("Sum")),
			"writes": table.Metric(jsii.String("WriteThrottleEvents"), statistic("Sum")),
		}),
		threshold: 1, periods: 3,
	}}
}

// secretAlarms watch whether the tasks of both services work with what the secret says
// now: each says so whenever it reads it (docker/src/runtime/secret_watch.py).
func secretAlarms(scope constructs.Construct) []alarm {
	return []alarm{{
		id: "SecretNotUsed", description: "The secret's new value isn't used, or the secret can't be read: tasks work with the last good one; GET /health/ready says why",
		metric:    serviceMetric(scope, "SecretNotUsed", "Maximum", alarmPeriod),
		threshold: 1, periods: 5,
	}}
}

// taskAlarms watch a service's tasks: memory, readiness, and whether what they
// log arrives.
func taskAlarms(scope constructs.Construct, container, name string, service awsecs.FargateService, log awslogs.LogGroup) []alarm {
	return []alarm{
		{
			id: name + "Memory", description: "A task's memory is nearly used up (percent): see docs/benchmarks.md, and raise it",
			metric:    service.MetricMemoryUtilization(statistic("Maximum")),
			threshold: memoryPercent, periods: 5,
		},
		{
			id: name + "NotReady", description: "A task is not ready: GET /health/ready says why",
			metric:    taskMetric(scope, "NotReady", container, "Maximum", alarmPeriod),
			threshold: 1, periods: 15,
		},
		{
			id: name + "LogLinesLost", description: "Lines of the log don't arrive: the buffer of the log driver was full",
			metric: expression("Lost lines", "FILL(written, 0) - FILL(arrived, 0)", time.Hour, map[string]awscloudwatch.IMetric{
				"written": taskMetric(scope, "LogLines", container, "Sum", time.Hour),
				"arrived": arrivedLines(log, time.Hour),
			}),
			threshold: lostLines, periods: 1,
		},
	}
}

// arrivedLines counts the lines that CloudWatch has of a log group. CDK's own
// metric of the kind has another name and no dimension.
//
// Source: CloudWatch Logs' guide, CloudWatch Logs metrics.
func arrivedLines(log awslogs.LogGroup, period time.Duration) awscloudwatch.IMetric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace:     jsii.String("AWS/Logs"),
		MetricName:    jsii.String("IncomingLogEvents"),
		DimensionsMap: &map[string]*string{"LogGroupName": log.LogGroupName()},
		Statistic:     jsii.String("Sum"),
		Period:        duration(period),
	})
}
