package constructs

import (
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

// statistic returns the options of a metric taken each alarmPeriod.
func statistic(name string) *awscloudwatch.MetricOptions {
	return &awscloudwatch.MetricOptions{Statistic: jsii.String(name), Period: duration(alarmPeriod)}
}
