package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// DashboardProps says what is shown.
type DashboardProps struct {
	// Network gives the bytes that leave it.
	Network Network
	// Ingress gives requests, errors, latency and targets.
	Ingress Ingress
	// Queue gives depth and age.
	Queue IntakeQueue
	// Webhook and Worker give CPU, memory and log bytes.
	Webhook WebhookService
	Worker  WorkerService
	// Bucket gives what is stored; nil where no packages are made.
	Bucket *PackageBucket
	// Alarms are shown by state.
	Alarms []awscloudwatch.IAlarm
}

// NewDashboard makes a CloudWatch dashboard: alarms on top, then the way of an event
// from left to right, and at the end the tasks and what costs by use.
// docs/dashboard.svg shows it.
//
// CDK's own widgets would take a call into Node for each metric.
func NewDashboard(scope constructs.Construct, id string, props DashboardProps) {
	scope = constructs.NewConstruct(scope, jsii.String(id))
	stack := awscdk.Stack_Of(scope)
	alarms := make([]string, len(props.Alarms))
	for i, alarm := range props.Alarms {
		alarms[i] = *alarm.AlarmArn()
	}
	own := ownSeries(*stack.StackName())
	awscloudwatch.NewCfnDashboard(scope, jsii.String("Resource"), &awscloudwatch.CfnDashboardProps{
		DashboardBody: jsii.String(body(*stack.Region(), alarms, stations(props, own), [][]plot{aroundOf(props, own), costsOf(props, own)})),
	})
}

// lineOfOwn makes a line of one of the services' own metrics.
type lineOfOwn func(metric, label, statistic string, service ...string) series

// ownSeries returns what makes lines of the services' own metrics of a stack; service
// is for those that each task writes.
func ownSeries(stack string) lineOfOwn {
	return func(metric, label, statistic string, service ...string) series {
		dimensions := []string{"Stack", stack}
		for _, name := range service {
			dimensions = append(dimensions, "Service", name)
		}
		return series{metricNamespace, metric, dimensions, label, statistic}
	}
}

// stations are the columns, from Benchling to the revision that Quilt confirms.
func stations(props DashboardProps, own lineOfOwn) []station {
	ofApi := func(metric, label, statistic string) series {
		return series{"AWS/ApiGateway", metric, []string{"ApiId", *props.Ingress.Api.ApiId()}, label, statistic}
	}
	ofQueue := func(queue awssqs.IQueue, metric, label string) series {
		return series{"AWS/SQS", metric, []string{"QueueName", *queue.QueueName()}, label, "Maximum"}
	}
	queue := props.Queue
	const visible, hidden, age = "ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible", "ApproximateAgeOfOldestMessage"
	all := []station{
		{"1 Benchling", "What it sends", []plot{
			{title: "Requests", lines: []series{ofApi("Count", "all", "Sum"), ofApi("4xx", "4xx", "Sum")}},
			{title: "Events by outcome", lines: []series{own("EventsAccepted", "accepted", "Sum"), own("EventsRefused", "refused", "Sum")}},
		}},
		{"2 API", "What it answers", []plot{
			{title: "Response time (ms)", lines: []series{ofApi("Latency", "median", "p50"), ofApi("Latency", "slowest 1 %", "p99")}},
			{title: "Failed requests", lines: []series{ofApi("5xx", "5xx", "Sum"), own("WebhooksFailed", "by the service", "Sum")}},
		}},
		{"3 Queue", "What waits", []plot{
			{title: "Messages", lines: []series{ofQueue(queue.Events, visible, "waiting"), ofQueue(queue.Events, hidden, "in work or put off"), ofQueue(queue.DeadLetters, visible, "dead letters")}},
			{title: "Oldest message (s)", lines: []series{ofQueue(queue.Events, age, "event"), ofQueue(queue.Canvases, age, "canvas request")}},
		}},
		{"4 Worker", "What it exports", []plot{
			{title: "Places in use (%)", lines: []series{own("WorkerBusy", "mean of the busy tasks", "Average"), own("WorkerBusy", "busiest task", "Maximum")}},
			{title: "Exports", lines: []series{own("ExportsDone", "done", "Sum"), own("ExportsFailed", "failed by own fault", "Sum")}},
		}},
		{"5 Bucket, Quilt", "What is handed over", []plot{
			{title: "Event to packaging (s)", lines: []series{own("PackagedSeconds", "median", "p50"), own("PackagedSeconds", "slowest 1 %", "p99")}},
			{title: "Packages handed over", lines: []series{own("PackagedSeconds", "to Quilt's queue", "SampleCount")}},
		}},
		{"6 Confirmed", "What Quilt has made", []plot{
			{title: "Event to revision (s)", lines: []series{own("PackageConfirmedSeconds", "median", "p50"), own("PackageConfirmedSeconds", "slowest 1 %", "p99")}},
			{title: "Revisions", lines: []series{own("PackageConfirmedSeconds", "confirmed", "SampleCount"), own("PackagesUnconfirmed", "not in time", "Sum")}},
		}},
	}
	if props.Bucket == nil {
		return all[:4]
	}
	return all
}

// aroundOf are the tasks, on which all depends.
func aroundOf(props DashboardProps, own lineOfOwn) []plot {
	ofService := func(service awsecs.FargateService, metric, label string) series {
		return series{"AWS/ECS", metric, []string{"ClusterName", *service.Cluster().ClusterName(), "ServiceName", *service.ServiceName()}, label, "Maximum"}
	}
	ofTargets := func(metric, label, statistic string) series {
		return series{"AWS/ApplicationELB", metric, []string{
			"LoadBalancer", *props.Ingress.LoadBalancer.LoadBalancerFullName(), "TargetGroup", *props.Ingress.TargetGroup.TargetGroupFullName(),
		}, label, statistic}
	}
	return []plot{
		{title: "Web tasks: CPU, memory (%)", lines: []series{ofService(props.Webhook.Service, "CPUUtilization", "processor"), ofService(props.Webhook.Service, "MemoryUtilization", "memory")}},
		{title: "Worker tasks: CPU, memory (%)", lines: []series{ofService(props.Worker.Service, "CPUUtilization", "processor"), ofService(props.Worker.Service, "MemoryUtilization", "memory")}},
		{title: "Web tasks: health checks", lines: []series{ofTargets("HealthyHostCount", "healthy", "Minimum"), ofTargets("UnHealthyHostCount", "unhealthy", "Maximum")}},
		{title: "Calls that the worker made again", lines: []series{
			own("BenchlingRetries", "Benchling", "Sum"), own("DynamoDBRetries", "DynamoDB", "Sum"), own("S3Retries", "S3", "Sum"), own("SQSRetries", "SQS", "Sum"),
		}},
		{title: "The front door", lines: []series{own("FrontDoorAnswered", "the worker's probe: 1 is open", "Minimum")}},
	}
}

// costsOf are what costs by use.
func costsOf(props DashboardProps, own lineOfOwn) []plot {
	const hour, day = 3600, 86400
	var nat []series
	for _, gateway := range props.Network.gateways {
		id := []string{"NatGatewayId", *gateway}
		nat = append(nat, series{"AWS/NATGateway", "BytesInFromDestination", id, "in", "Sum"}, series{"AWS/NATGateway", "BytesOutToDestination", id, "out", "Sum"})
	}
	costs := []plot{
		// Each task writes one value a minute.
		{title: "Cost: running tasks", lines: []series{own("NotReady", "web", "SampleCount", webContainer), own("NotReady", "worker", "SampleCount", workerContainer)}},
		{title: "Cost: exported bytes an hour", period: hour, lines: []series{own("ExportBytes", "in packages", "Sum")}},
		{title: "Cost: logged bytes an hour", period: hour, lines: []series{logBytes(props.Webhook.log, "web"), logBytes(props.Worker.log, "worker"), logBytes(props.Ingress.accessLog, "API")}},
	}
	if props.Bucket != nil {
		bucket := []string{"BucketName", *props.Bucket.Bucket.BucketName(), "StorageType", "StandardStorage"}
		costs = append(costs, plot{title: "Cost: bytes in the bucket", period: day, lines: []series{{"AWS/S3", "BucketSizeBytes", bucket, "all versions", "Average"}}})
	}
	if len(nat) > 0 {
		costs = append(costs, plot{title: "Cost: NAT bytes an hour", period: hour, lines: nat})
	}
	return costs
}

// logBytes is what a log group takes in.
func logBytes(log awslogs.LogGroup, label string) series {
	return series{"AWS/Logs", "IncomingBytes", []string{"LogGroupName", *log.LogGroupName()}, label, "Sum"}
}
