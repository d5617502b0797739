package scale

import (
	"fmt"
	"maps"
	"slices"

	"benchlingwebhook/internal/cfn"
)

// Container Insights' metrics on Fargate, of tasks without volumes, restart policy
// or task sets of their own: CPU, memory, network, storage and ephemeral storage,
// two of each, by cluster, service and task family; what else there is of a cluster
// and of a service.
//
// Source: CloudWatch User Guide, "Amazon ECS Container Insights metrics".
const (
	insightsOfCluster = 10 + 2
	insightsOfService = 10 + 5
	insightsOfFamily  = 10
	// insightsEventBytes is about a performance log event's size: one a minute for the
	// cluster, each service, each task and each container.
	insightsEventBytes = 1000
)

// insights counts Container Insights' metrics and log events.
func insights(template cfn.Template) ([]Line, error) {
	var lines []Line
	for _, r := range template.OfType("AWS::ECS::Cluster") {
		state := ""
		for _, setting := range cfn.List(r.Properties["ClusterSettings"]) {
			if cfn.At(setting, "Name") == "containerInsights" {
				state, _ = cfn.At(setting, "Value").(string)
			}
		}
		switch state {
		case "disabled":
		case "enabled":
			services, events := len(template.OfType("AWS::ECS::Service")), 1
			for _, service := range []string{web, worker} {
				size, err := SizeOf(template, service)
				if err != nil {
					return nil, err
				}
				events += 1 + 2*size.Least
			}
			n := insightsOfCluster + services*(insightsOfService+insightsOfFamily)
			lines = append(lines,
				Line{"Container Insights", "metric", float64(n), "`containerInsights`"},
				Line{"Container Insights", "logs-gb", gb(events * insightsEventBytes * minutesInMonth), "`containerInsights`"})
		default:
			return nil, fmt.Errorf("%s: no price for containerInsights %q: add it to internal/scale", r.ID, state)
		}
	}
	return lines, nil
}

const minutesInMonth = secondsInMonth / 60

// gb returns bytes in GB.
func gb(bytes int) float64 { return float64(bytes) / 1e9 }

const (
	// ownNamespace is the services' own metrics'. Those of the names below are written
	// while nothing happens; a metric costs by the hours in which it is written.
	ownNamespace = "BenchlingWebhook"
	// alarmsOfTracking are those that Application Auto Scaling adds for a policy that
	// tracks a target, one to scale out and one to scale in.
	alarmsOfTracking = 2
	// metricsOfRoute are those of an HTTP API's route with detailed metrics. At rest
	// one route is called: the worker's probe of GET /health.
	metricsOfRoute = 6
)

// The services' own metrics: those that are written at rest, and those that events
// cause, each with the stack alone as its dimension. A test compares both with
// docker/src.
var (
	writtenAtRest   = []string{"FrontDoorAnswered", "LogLines", "NotReady", "SecretNotUsed"}
	writtenByEvents = []string{
		"BenchlingRetries", "DynamoDBRetries", "EventsAccepted", "EventsRefused", "ExportBytes", "ExportsDone", "ExportsFailed",
		"PackageConfirmedSeconds", "PackagedSeconds", "PackagesUnconfirmed", "S3Retries", "SQSRetries", "WebhooksFailed", "WorkerBusy",
	}
)

// metric is what CloudWatch charges for by the month.
type metric struct {
	Namespace, MetricName string
	Dimensions            []struct {
		Name  string
		Value any
	}
}

// metrics counts alarms by their metrics, the services' own metrics and those of
// the API's routes.
func metrics(template cfn.Template) ([]Line, error) {
	alarms, own := 0, map[string]bool{}
	note := func(m metric) {
		alarms++
		if m.Namespace == ownNamespace && slices.Contains(writtenAtRest, m.MetricName) {
			own[fmt.Sprint(m.MetricName, m.Dimensions)] = true
		}
	}
	for _, r := range template.OfType("AWS::CloudWatch::Alarm") {
		var a struct {
			metric
			Metrics []struct{ MetricStat *struct{ Metric metric } }
		}
		if err := r.Decode(&a); err != nil {
			return nil, fmt.Errorf("%s: %w", r.ID, err)
		}
		if len(a.Metrics) == 0 {
			note(a.metric)
		}
		for _, m := range a.Metrics {
			if m.MetricStat != nil {
				note(m.MetricStat.Metric)
			}
		}
	}
	for _, r := range template.OfType("AWS::ApplicationAutoScaling::ScalingPolicy") {
		if r.Properties["PolicyType"] == "TargetTrackingScaling" {
			alarms += alarmsOfTracking
		}
	}
	routes := 0
	for _, r := range template.OfType("AWS::ApiGatewayV2::Stage") {
		if cfn.At(r.Properties, "DefaultRouteSettings", "DetailedMetricsEnabled") == true {
			routes += metricsOfRoute
		}
	}
	return []Line{
		{"Alarms", "alarm", float64(alarms), ""},
		{"The services' own metrics", "metric", float64(len(slices.Collect(maps.Keys(own)))), ""},
		{"Metrics of the probed route", "metric", float64(routes), ""},
	}, nil
}

// What the services do while nothing happens. A test compares these with
// docker/src.
const (
	// pollSeconds is how long a receive waits, exportThreads and canvasThreads receive
	// from FIFO queues, and revisionThreads from a standard one, in each worker task.
	pollSeconds, exportThreads, canvasThreads, revisionThreads = 5, 4, 3, 1
	// probeSeconds is between two calls of the API by the worker.
	probeSeconds = 300
	// readSeconds is the mean between two readings of the secret by each task, of which
	// each writes a metric.
	readSeconds = 40
	// receiveBytes is about what an empty receive and its response take with TLS, and
	// heartbeatBytes a log line; each task writes one a minute.
	receiveBytes, heartbeatBytes = 2000, 600
	// metricBytes is about a line of one metric.
	metricBytes = 400
)

// polling counts the worker's empty receives and its probes, and what of them
// passes the NAT gateway.
func polling(template cfn.Template) ([]Line, error) {
	size, err := SizeOf(template, worker)
	if err != nil {
		return nil, err
	}
	receives := size.atRest() * secondsInMonth / pollSeconds
	lines := []Line{
		{"Empty receives", "sqs-fifo-request", receives * (exportThreads + canvasThreads), "`workerMinCount`"},
		{"Empty receives", "sqs-request", receives * revisionThreads, "`workerMinCount`"},
		{"API calls of the probe", "http-api-request", size.atRest() * secondsInMonth / probeSeconds, "`workerMinCount`"},
	}
	if len(template.OfType("AWS::EC2::NatGateway")) > 0 {
		bytes := receives * (exportThreads + canvasThreads + revisionThreads) * receiveBytes
		lines = append(lines, Line{"Empty receives", "nat-gb", gb(int(bytes)), "`workerMinCount`"})
	}
	return lines, nil
}

// logs counts the tasks' heartbeats and readings of the secret.
func logs(template cfn.Template) ([]Line, error) {
	n := 0.0
	for _, service := range []string{web, worker} {
		size, err := SizeOf(template, service)
		if err != nil {
			return nil, err
		}
		n += size.atRest()
	}
	reads := n * secondsInMonth / readSeconds
	return []Line{
		{"Log lines", "logs-gb", gb(int(n*heartbeatBytes*minutesInMonth + reads*metricBytes)), "`logLevel`"},
		{"Readings of the secret", "secret-read", reads, "`desiredCount`, `workerMinCount`"},
	}, nil
}
