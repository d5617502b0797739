package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// LogQueriesProps says whose logs are asked.
type LogQueriesProps struct {
	// Ingress has the access log, Webhook and Worker the services' logs.
	Ingress Ingress
	Webhook WebhookService
	Worker  WorkerService
}

// logQuery is one that CloudWatch Logs Insights offers by its title. What it asks of
// the lines' fields is what no metric is needed for: it costs by what it reads, when
// somebody asks.
type logQuery struct {
	id, title, text string
	// access is whether it is of the API's access log, in place of the services' logs.
	access bool
}

// logQueries are in the order of docs/logs.md, which `make golden` writes of them.
var logQueries = []logQuery{
	{id: "Entry", title: "All that happened to an entry", text: `fields @timestamp, event, webhook_id, attempt, duration_ms, reason
| filter entry_id = "etr_…"
| sort @timestamp asc`},
	{id: "Failures", title: "What fails, and why", text: `filter event in ["event.attempt_failed", "canvas.attempt_failed", "event.dead_lettered", "canvas.dead_lettered", "message.dead_lettered"]
| stats count(*) as failures by event, kind, reason
| sort failures desc`},
	{id: "Attempts", title: "Attempts by their outcome, an hour each", text: `filter event in ["event.started", "event.completed", "event.duplicate", "event.released", "event.attempt_failed", "event.dead_lettered"]
| stats count(*) as attempts by event, kind, bin(1h)`},
	{id: "Durations", title: "How long webhooks, exports and packages take, an hour each", text: `filter event in ["request.completed", "event.completed", "package.confirmed"]
| stats pct(duration_ms, 50) as median, pct(duration_ms, 99) as p99, count(*) as lines by event, bin(1h)`},
	{id: "Unconfirmed", title: "Packages that Quilt has not confirmed", text: `filter event = "package.unconfirmed"
| fields @timestamp, entry_id, package
| sort @timestamp desc`},
	{id: "Webhooks", title: "What became of webhooks, and why some were refused", text: `filter event = "request.completed" and method = "POST"
| stats count(*) as requests by outcome, status, type, reason
| sort requests desc`},
	{id: "Unforeseen", title: "Exceptions that nobody foresaw", text: `filter @message like /exc_type/
| fields @timestamp, event, reason, @message
| sort @timestamp desc`},
	{id: "Api", title: "What API Gateway couldn't pass on", access: true, text: `filter status like /^5/
| stats count(*) as times by route, status, integrationError`},
}

// NewLogQueries saves the queries in CloudWatch Logs Insights, in a folder of the
// stack's name. They cost nothing until they are run.
//
// Source: CloudWatch Logs' guide, Save and re-run queries.
func NewLogQueries(scope constructs.Construct, id string, props LogQueriesProps) {
	scope = constructs.NewConstruct(scope, jsii.String(id))
	services := &[]any{props.Webhook.log.LogGroupName(), props.Worker.log.LogGroupName()}
	access := &[]any{props.Ingress.accessLog.LogGroupName()}
	folder := *awscdk.Stack_Of(scope).StackName() + "/"
	for _, query := range logQueries {
		groups := services
		if query.access {
			groups = access
		}
		awslogs.NewCfnQueryDefinition(scope, jsii.String(query.id), &awslogs.CfnQueryDefinitionProps{
			Name: jsii.String(folder + query.title), QueryString: jsii.String(query.text), LogGroupNames: groups,
		})
	}
}
