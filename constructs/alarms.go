package constructs

import (
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// alarmPeriod is the time over which a metric is taken.
const alarmPeriod = time.Minute

// Alarms are the conditions that a person should hear of.
type Alarms struct {
	// Rollback are the alarms that also take back a deployment.
	Rollback []awscloudwatch.IAlarm
	// All are the alarms, the rollback alarms first.
	All []awscloudwatch.IAlarm
}

// alarm is one condition: the metric at or above the threshold for so many
// periods.
type alarm struct {
	id, description string
	metric          awscloudwatch.IMetric
	threshold       float64
	periods         int
}

// AlarmsProps says what is watched, and who hears of it.
type AlarmsProps struct {
	// Ingress gives errors and latency.
	Ingress Ingress
	// Queue gives age and dead letters.
	Queue IntakeQueue
	// Stack is the stack's name, a dimension of the worker's own metrics.
	Stack *string
	// ConfirmWithin is how long Quilt may take for a package; 0 makes no alarm.
	ConfirmWithin time.Duration
	// TopicArn is the SNS topic that is told when an alarm goes off and when it
	// is over; empty tells nobody.
	TopicArn string
}

// NewAlarms returns the alarms on the way in and on the queue.
func NewAlarms(scope constructs.Construct, id string, props AlarmsProps) Alarms {
	ingress, queue := props.Ingress, props.Queue
	scope = constructs.NewConstruct(scope, jsii.String(id))
	targets := ingress.TargetGroup.Metrics()
	rollback := []alarm{
		{
			id: "TargetErrors", description: "The tasks answer with 5xx: see their log",
			metric:    targets.HttpCodeTarget(elb.HttpCodeTarget_TARGET_5XX_COUNT, statistic("Sum")),
			threshold: 5, periods: 2,
		},
		{
			id: "UnhealthyTargets", description: "Tasks fail the health check: see the service's events",
			metric:    targets.UnhealthyHostCount(statistic("Maximum")),
			threshold: 1, periods: 3,
		},
	}
	others := []alarm{
		{
			id: "ApiErrors", description: "Benchling gets 5xx and will retry: see the access log",
			metric:    ingress.Api.MetricServerError(statistic("Sum")),
			threshold: 5, periods: 2,
		},
		{
			id: "SlowAnswers", description: "p99 of the answers nears the 3 s that Benchling waits (milliseconds)",
			metric:    ingress.Api.MetricLatency(statistic("p99")),
			threshold: 2500, periods: 5,
		},
		{
			id: "DeadLetters", description: "Events failed for good: read the dead-letter queue, then redrive it",
			metric:    queue.DeadLetters.MetricApproximateNumberOfMessagesVisible(statistic("Maximum")),
			threshold: 1, periods: 1,
		},
		{
			id: "OldEvents", description: "Events wait for longer than 15 minutes (seconds): is the worker running?",
			metric:    queue.Events.MetricApproximateAgeOfOldestMessage(statistic("Maximum")),
			threshold: (15 * time.Minute).Seconds(), periods: 5,
		},
		{
			id: "OldCanvasRequests", description: "Clicks on canvases wait for longer than a minute (seconds): is the worker running, and does Benchling answer?",
			metric:    queue.Canvases.MetricApproximateAgeOfOldestMessage(statistic("Maximum")),
			threshold: time.Minute.Seconds(), periods: 3,
		},
	}
	if props.ConfirmWithin > 0 {
		others = append(others, alarm{
			id: "UnconfirmedPackages", description: fmt.Sprintf("Quilt has not confirmed a package within %.0f minutes: the worker's log line package.unconfirmed names it; "+
				"see Quilt's packager and its dead letters", props.ConfirmWithin.Minutes()),
			metric:    workerMetric("PackagesUnconfirmed", props.Stack, "Sum"),
			threshold: 1, periods: 1,
		})
	}
	var told awscloudwatch.IAlarmAction
	if props.TopicArn != "" {
		told = awscloudwatchactions.NewSnsAction(awssns.Topic_FromTopicArn(scope, jsii.String("Topic"), jsii.String(props.TopicArn)))
	}
	made := Alarms{Rollback: newAlarms(scope, rollback, told)}
	made.All = append(append(made.All, made.Rollback...), newAlarms(scope, others, told)...)
	return made
}

func newAlarms(scope constructs.Construct, alarms []alarm, told awscloudwatch.IAlarmAction) []awscloudwatch.IAlarm {
	var made []awscloudwatch.IAlarm
	for _, a := range alarms {
		alarm := awscloudwatch.NewAlarm(scope, jsii.String(a.id), &awscloudwatch.AlarmProps{
			AlarmDescription:   jsii.String(a.description),
			Metric:             a.metric,
			Threshold:          jsii.Number(a.threshold),
			EvaluationPeriods:  jsii.Number(a.periods),
			ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
			// No requests and no messages is how most nights look.
			TreatMissingData: awscloudwatch.TreatMissingData_NOT_BREACHING,
		})
		if told != nil {
			alarm.AddAlarmAction(told)
			alarm.AddOkAction(told)
		}
		made = append(made, alarm)
	}
	return made
}

// workerNamespace is where the worker's own metrics are, which it writes into its
// log in CloudWatch's embedded metric format.
const workerNamespace = "BenchlingWebhook"

// workerMetric returns one of the worker's own metrics.
func workerMetric(name string, stack *string, kind string) awscloudwatch.Metric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace:     jsii.String(workerNamespace),
		MetricName:    jsii.String(name),
		DimensionsMap: &map[string]*string{"Stack": stack},
		Statistic:     jsii.String(kind),
		Period:        duration(alarmPeriod),
	})
}

// statistic returns the options of a metric taken each alarmPeriod.
func statistic(name string) *awscloudwatch.MetricOptions {
	return &awscloudwatch.MetricOptions{Statistic: jsii.String(name), Period: duration(alarmPeriod)}
}
