package constructs

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// alarmPeriod is the time over which a metric is taken, where nothing else is said.
const alarmPeriod = time.Minute

// alarm is one condition: the metric at or above the threshold for so many
// periods; at or below it where below is set.
type alarm struct {
	id, description string
	// hurts is whether scientists notice: packages or canvases are late, or lost.
	hurts     bool
	metric    awscloudwatch.IMetric
	threshold float64
	periods   int
	below     bool
	// silent is what no data means: nothing, unless the silence itself is the
	// fault. No requests and no messages is how most nights look.
	silent awscloudwatch.TreatMissingData
	// after must be there first: before that, its silence is no fault.
	after awsecs.FargateService
}

// Alarms are those of some conditions.
type Alarms struct {
	// All are in the order of their conditions.
	All []awscloudwatch.IAlarm
	// Hurting are those of them that scientists notice.
	Hurting []awscloudwatch.IAlarm
}

// AlarmTopic is notified when an alarm goes off and when it is over.
type AlarmTopic struct {
	action awscloudwatch.IAlarmAction
	// runbook is where whoever is notified reads what to do.
	runbook string
}

// AlarmTopicProps says who is notified of alarms.
type AlarmTopicProps struct {
	// ExistingArn is an SNS topic's, or empty.
	ExistingArn string
	// Email is an address that a new topic sends mail to, whose owner has to confirm
	// it first; or empty. With neither, nobody is notified.
	Email string
	// Runbook is the URL or the path of docs/runbook.md, whose headings are the
	// alarms' names.
	Runbook string
}

// NewAlarmTopic returns the existing or the new SNS topic.
func NewAlarmTopic(scope constructs.Construct, id string, props AlarmTopicProps) AlarmTopic {
	notified := AlarmTopic{runbook: props.Runbook}
	switch {
	case props.ExistingArn != "":
		notified.action = awscloudwatchactions.NewSnsAction(awssns.Topic_FromTopicArn(scope, jsii.String(id), jsii.String(props.ExistingArn)))
	case props.Email != "":
		topic := awssns.NewTopic(scope, jsii.String(id), &awssns.TopicProps{EnforceSSL: jsii.Bool(true)})
		letAlarmsPublish(topic)
		topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String(props.Email), nil))
		notified.action = awscloudwatchactions.NewSnsAction(topic)
	}
	return notified
}

// described returns an alarm's description with the section of the runbook.
func (t AlarmTopic) described(id, description string) *string {
	if !strings.HasSuffix(description, "?") {
		description += "."
	}
	return jsii.String(fmt.Sprintf("%s Runbook: %s#%s", description, t.runbook, strings.ToLower(id)))
}

// letAlarmsPublish lets the account's alarms publish to a topic: a topic with a
// policy of its own, as the demand of TLS is one, lacks the default that would.
//
// Source: CloudWatch's guide, Notifying users on alarm changes.
func letAlarmsPublish(topic awssns.Topic) {
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Conditions: onBehalfOf(topic, ownArn(topic, "cloudwatch", "alarm:*")),
	}))
}

// newAlarms returns the alarms of the conditions, which notify the topic.
func newAlarms(scope constructs.Construct, alarms []alarm, topic AlarmTopic) Alarms {
	var made Alarms
	for _, a := range alarms {
		comparison := awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD
		if a.below {
			comparison = awscloudwatch.ComparisonOperator_LESS_THAN_OR_EQUAL_TO_THRESHOLD
		}
		silent := a.silent
		if silent == "" {
			silent = awscloudwatch.TreatMissingData_NOT_BREACHING
		}
		alarm := awscloudwatch.NewAlarm(scope, jsii.String(a.id), &awscloudwatch.AlarmProps{
			AlarmDescription:   topic.described(a.id, a.description),
			Metric:             a.metric,
			Threshold:          jsii.Number(a.threshold),
			EvaluationPeriods:  jsii.Number(a.periods),
			ComparisonOperator: comparison,
			TreatMissingData:   silent,
		})
		if a.after != nil {
			alarm.Node().AddDependency(a.after.Node().DefaultChild())
		}
		if topic.action != nil {
			alarm.AddAlarmAction(topic.action)
			alarm.AddOkAction(topic.action)
		}
		made.All = append(made.All, alarm)
		if a.hurts {
			made.Hurting = append(made.Hurting, alarm)
		}
	}
	return made
}

// statistic returns the options of a metric taken each alarmPeriod.
func statistic(name string) *awscloudwatch.MetricOptions {
	return statisticOver(name, alarmPeriod)
}

// statisticOver returns the options of a metric taken each period.
func statisticOver(name string, period time.Duration) *awscloudwatch.MetricOptions {
	return &awscloudwatch.MetricOptions{Statistic: jsii.String(name), Period: duration(period)}
}

// expression returns a metric that is computed of others, by their names.
func expression(label, formula string, period time.Duration, metrics map[string]awscloudwatch.IMetric) awscloudwatch.IMetric {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Label: jsii.String(label), Expression: jsii.String(formula), UsingMetrics: &metrics, Period: duration(period),
	})
}
