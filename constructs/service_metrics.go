package constructs

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// metricNamespace is where the services' own metrics are, which they write into
// their logs in CloudWatch's embedded metric format (docker/src/metrics.py).
const metricNamespace = "BenchlingWebhook"

// serviceMetric returns one of the services' own metrics of a stack.
func serviceMetric(scope constructs.IConstruct, name, kind string, period time.Duration) awscloudwatch.Metric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace:     jsii.String(metricNamespace),
		MetricName:    jsii.String(name),
		DimensionsMap: &map[string]*string{"Stack": awscdk.Stack_Of(scope).StackName()},
		Statistic:     jsii.String(kind),
		Period:        duration(period),
	})
}

// taskMetric returns one of the metrics that each task of a service writes every
// minute; service is the container's name.
func taskMetric(scope constructs.IConstruct, name, service, kind string, period time.Duration) awscloudwatch.Metric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace:  jsii.String(metricNamespace),
		MetricName: jsii.String(name),
		DimensionsMap: &map[string]*string{
			"Stack": awscdk.Stack_Of(scope).StackName(), "Service": jsii.String(service),
		},
		Statistic: jsii.String(kind),
		Period:    duration(period),
	})
}
