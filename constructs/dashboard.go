package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// The dashboard's grid is 24 units wide.
const (
	fullWidth = 24
	halfWidth = 12
)

// DashboardProps says what is shown.
type DashboardProps struct {
	// Ingress gives requests, errors and latency.
	Ingress Ingress
	// Queue gives depth and age.
	Queue IntakeQueue
	// Service and Worker give CPU and memory.
	Service, Worker awsecs.FargateService
	// Alarms are shown by state.
	Alarms []awscloudwatch.IAlarm
}

// NewDashboard returns a CloudWatch dashboard: alarms on top, then the way of an
// event from the request to the worker.
func NewDashboard(scope constructs.Construct, id string, props DashboardProps) awscloudwatch.Dashboard {
	alarms := make([]interfacesawscloudwatch.IAlarmRef, len(props.Alarms))
	for i, alarm := range props.Alarms {
		alarms[i] = alarm
	}
	api, queue, service, worker := props.Ingress.Api, props.Queue, props.Service, props.Worker
	dashboard := awscloudwatch.NewDashboard(scope, jsii.String(id), nil)
	dashboard.AddWidgets(awscloudwatch.NewAlarmStatusWidget(&awscloudwatch.AlarmStatusWidgetProps{
		Title: jsii.String("Alarms"), Width: jsii.Number(fullWidth), Alarms: &alarms,
	}))
	dashboard.AddWidgets(
		graph("Requests", api.MetricCount(statistic("Sum")), api.MetricClientError(statistic("Sum")), api.MetricServerError(statistic("Sum"))),
		graph("Latency (ms)", api.MetricLatency(statistic("p50")), api.MetricLatency(statistic("p99"))),
	)
	dashboard.AddWidgets(
		graph("Events waiting", queue.Events.MetricApproximateNumberOfMessagesVisible(nil), queue.Events.MetricApproximateNumberOfMessagesNotVisible(nil), queue.DeadLetters.MetricApproximateNumberOfMessagesVisible(nil)),
		graph("Age of the oldest event (s)", queue.Events.MetricApproximateAgeOfOldestMessage(nil), queue.Canvases.MetricApproximateAgeOfOldestMessage(nil)),
	)
	dashboard.AddWidgets(
		graph("From event to Quilt's revision (s)",
			serviceMetric(scope, "PackageConfirmedSeconds", "p50", alarmPeriod), serviceMetric(scope, "PackageConfirmedSeconds", "p99", alarmPeriod)),
		graph("Packages that Quilt never confirmed", serviceMetric(scope, "PackagesUnconfirmed", "Sum", alarmPeriod)),
	)
	dashboard.AddWidgets(
		graph("Web tasks (%)", service.MetricCpuUtilization(nil), service.MetricMemoryUtilization(nil)),
		graph("Worker tasks (%)", worker.MetricCpuUtilization(nil), worker.MetricMemoryUtilization(nil)),
	)
	dashboard.AddWidgets(
		graph("Targets", props.Ingress.TargetGroup.Metrics().HealthyHostCount(nil), props.Ingress.TargetGroup.Metrics().UnhealthyHostCount(nil)),
	)
	return dashboard
}

func graph(title string, metrics ...awscloudwatch.IMetric) awscloudwatch.IWidget {
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Title: jsii.String(title), Width: jsii.Number(halfWidth), Left: &metrics,
	})
}
