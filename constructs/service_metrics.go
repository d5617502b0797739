package constructs

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// metricNamespace is where the services' own metrics are, which they write into
// their logs in CloudWatch's embedded metric format (docker/src/runtime/metrics.py).
const metricNamespace = "BenchlingWebhook"

// serviceMetric returns one of the services' own metrics of a stack.
func serviceMetric(scope constructs.IConstruct, name, kind string, period time.Duration) awscloudwatch.Metric {
	return ownMetric(scope, name, kind, period, map[string]*string{})
}

// taskMetric returns one of the metrics that each task of a service writes every
// minute; service is the container's name.
func taskMetric(scope constructs.IConstruct, name, service, kind string, period time.Duration) awscloudwatch.Metric {
	return ownMetric(scope, name, kind, period, map[string]*string{"Service": jsii.String(service)})
}

// ownMetric returns a metric of the dimensions and of the stack.
func ownMetric(scope constructs.IConstruct, name, kind string, period time.Duration, dimensions map[string]*string) awscloudwatch.Metric {
	dimensions["Stack"] = awscdk.Stack_Of(scope).StackName()
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace:     jsii.String(metricNamespace),
		MetricName:    jsii.String(name),
		DimensionsMap: &dimensions,
		Statistic:     jsii.String(kind),
		Period:        duration(period),
	})
}
