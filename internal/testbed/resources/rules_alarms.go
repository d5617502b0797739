package resources

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// lowIsBad are the metrics of which too little is the fault, and nothing is one too.
var lowIsBad = []string{"HealthyHostCount", "FrontDoorAnswered"}

func alarms(d *Deployed) map[string]types.MetricAlarm { return d.Alarms }

// scales says whether an alarm tells a scaling policy rather than people.
func scales(it types.MetricAlarm) bool {
	return slices.ContainsFunc(it.AlarmActions, func(arn string) bool { return strings.HasPrefix(arn, "arn:aws:autoscaling:") })
}

// metrics returns the names and the namespaces of what an alarm watches, and the
// longest period in seconds.
func metrics(it types.MetricAlarm) (names, namespaces []string, period int32) {
	if it.MetricName != nil {
		return []string{*it.MetricName}, []string{aws.ToString(it.Namespace)}, aws.ToInt32(it.Period)
	}
	for _, query := range it.Metrics {
		if query.MetricStat != nil {
			names = append(names, aws.ToString(query.MetricStat.Metric.MetricName))
			namespaces = append(namespaces, aws.ToString(query.MetricStat.Metric.Namespace))
			period = max(period, aws.ToInt32(query.MetricStat.Period))
		}
	}
	return names, namespaces, period
}

var alarmRules = []Rule{
	{"alarm: notifies", "the project's own: where one alarm notifies somebody, all do, of the end too", every(alarms, func(d *Deployed, _ string, it types.MetricAlarm) []string {
		notified := slices.ContainsFunc(slices.Collect(maps.Values(d.Alarms)), func(other types.MetricAlarm) bool { return len(other.AlarmActions) > 0 && !scales(other) })
		if !notified || scales(it) {
			return nil
		}
		return unless(len(it.AlarmActions) > 0 && slices.Equal(it.AlarmActions, it.OKActions), "alarm %v, end %v", it.AlarmActions, it.OKActions)
	})},
	{"alarm: enabled", "API reference of CloudWatch, PutMetricAlarm, ActionsEnabled", every(alarms, func(_ *Deployed, _ string, it types.MetricAlarm) []string {
		return unless(aws.ToBool(it.ActionsEnabled), "its actions are off")
	})},
	{"alarm: direction", "the project's own: see lowIsBad", every(alarms, func(_ *Deployed, _ string, it types.MetricAlarm) []string {
		if scales(it) {
			return nil
		}
		names, _, _ := metrics(it)
		wanted := types.ComparisonOperatorGreaterThanOrEqualToThreshold
		if slices.ContainsFunc(names, func(name string) bool { return slices.Contains(lowIsBad, name) }) {
			wanted = types.ComparisonOperatorLessThanOrEqualToThreshold
		}
		return unless(it.ComparisonOperator == wanted, "%v is %s %g", names, it.ComparisonOperator, aws.ToFloat64(it.Threshold))
	})},
	{"alarm: missing data", "guide of CloudWatch, how alarms treat missing data", every(alarms, func(_ *Deployed, _ string, it types.MetricAlarm) []string {
		if scales(it) {
			return nil
		}
		wanted := "notBreaching"
		if it.ComparisonOperator == types.ComparisonOperatorLessThanOrEqualToThreshold {
			wanted = "breaching"
		}
		return unless(aws.ToString(it.TreatMissingData) == wanted, "missing data is %q, not %q", aws.ToString(it.TreatMissingData), wanted)
	})},
	{"alarm: window", "API reference of CloudWatch, PutMetricAlarm, Period: at most a day below a period of an hour, else a week", every(alarms, func(_ *Deployed, _ string, it types.MetricAlarm) []string {
		_, _, period := metrics(it)
		longest := int32(86400)
		if period >= 3600 {
			longest = 604800
		}
		return slices.Concat(
			unless(period > 0 && period%60 == 0, "a period of %d s", period),
			unless(period*aws.ToInt32(it.EvaluationPeriods) <= longest, "%d periods of %d s", aws.ToInt32(it.EvaluationPeriods), period),
			unless(aws.ToInt32(it.DatapointsToAlarm) <= aws.ToInt32(it.EvaluationPeriods), "%d of %d periods", aws.ToInt32(it.DatapointsToAlarm), aws.ToInt32(it.EvaluationPeriods)))
	})},
	{"alarm: DynamoDB's gaps are filled", "API reference of CloudWatch, PutMetricAlarm, TreatMissingData: ignored for AWS/DynamoDB, so the alarm would never end", every(alarms, func(_ *Deployed, _ string, it types.MetricAlarm) []string {
		_, namespaces, _ := metrics(it)
		filled := slices.ContainsFunc(it.Metrics, func(query types.MetricDataQuery) bool {
			return strings.Contains(aws.ToString(query.Expression), "FILL(")
		})
		return unless(!slices.Contains(namespaces, "AWS/DynamoDB") || filled, "a metric of DynamoDB without FILL")
	})},
}
