package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// NewAttention returns the composite alarm that goes off while any of the alarms does:
// the one that whoever is on call listens to. Where the topic notifies nobody there is
// none, for it costs more than an alarm of one metric.
//
// Source: CloudWatch's guide, Combining alarms.
func NewAttention(scope constructs.Construct, alarms []awscloudwatch.IAlarm, topic AlarmTopic) []awscloudwatch.IAlarm {
	const id = "Attention"
	if topic.action == nil {
		return nil
	}
	anyOf := make([]awscloudwatch.IAlarmRule, len(alarms))
	for i, alarm := range alarms {
		anyOf[i] = alarm
	}
	attention := awscloudwatch.NewCompositeAlarm(scope, jsii.String(id), &awscloudwatch.CompositeAlarmProps{
		AlarmDescription: topic.described(id, "Scientists are affected: packages or canvases are late, or missing; the alarms that are on say why"),
		AlarmRule:        awscloudwatch.AlarmRule_AnyOf(anyOf...),
	})
	attention.AddAlarmAction(topic.action)
	attention.AddOkAction(topic.action)
	return []awscloudwatch.IAlarm{attention}
}
