package mutants

import "regexp"

// The beginnings of logical IDs in the template.
const (
	webTask         = "WebhookTask"
	workerTask      = "WorkerTask"
	webPolicy       = "WebhookTaskRoleDefaultPolicy"
	webExecution    = "WebhookTaskExecutionRoleDefaultPolicy"
	workerPolicy    = "WorkerTaskRoleDefaultPolicy"
	workerExecution = "WorkerTaskExecutionRoleDefaultPolicy"
)

// begins matches the rows before any part: on what was deployed, and on both services'
// start.
const begins = `^(worker: healthy beside the web service|deployed resources keep their rules|task definitions read back|template deployed): .*`

// Table has every mutant.
var Table = append(templateMutants, serviceMutants...)

// inTemplate are mutants of the template that these parts and rows find.
func inTemplate(name string, c change, caught string, parts []string, rows ...string) Mutant {
	return Mutant{Name: name, Template: c, Parts: parts, Rows: rows, Caught: regexp.MustCompile("(?s)" + caught)}
}

// resource is the row on what was deployed.
const resource = "^deployed resources keep their rules: "

var (
	rights    = []string{"worker", "rights"}
	allowed   = "every call of a task was allowed"
	packaged  = "events become packages"
	frontDoor = []string{"front door"}
	web       = []string{"web service"}
	worker    = []string{"worker"}
	tls       = []string{"TLS"}
	faults    = []string{"faults"}
	none      = []string{"kills"}
)

var templateMutants = []Mutant{
	// Rights.
	inTemplate("web service may not send events to its queue", without(webPolicy, "sqs:SendMessage"), `(signed event accepted|events become packages).*`, web),
	inTemplate("web service may not look at its queue", without(webPolicy, "sqs:GetQueueAttributes"), `GET /health/ready: .*queue can't be reached`, web),
	inTemplate("worker may not receive", without(workerPolicy, "sqs:ReceiveMessage"), packaged, worker, packaged),
	inTemplate("worker may not delete messages", without(workerPolicy, "sqs:DeleteMessage"), allowed+`.*sqs:DeleteMessage`, rights, "worker: protected", allowed),
	inTemplate("worker may not change visibility", without(workerPolicy, "sqs:ChangeMessageVisibility"), `worker stopped while it exports|worker: protected|sqs:ChangeMessageVisibility`, rights, "worker stopped", "worker: protected", allowed),
	inTemplate("worker may not claim", without(workerPolicy, "dynamodb:UpdateItem"), packaged, worker, packaged),
	inTemplate("worker may not read its records", without(workerPolicy, "dynamodb:GetItem"), packaged, worker, packaged),
	inTemplate("worker may not write files", without(workerPolicy, "s3:PutObject"), packaged, worker, packaged),
	inTemplate("worker may not delete files", without(workerPolicy, "s3:DeleteObject"), `a file that left the entry`, []string{"packages"}, "a file that left"),
	inTemplate("worker may not abort uploads", without(workerPolicy, "s3:AbortMultipartUpload"), `S3 refuses the parts of a large file.*nobody aborted`, faults, "S3 refuses the parts"),
	inTemplate("worker may not protect itself", without(workerPolicy, "ecs:UpdateTaskProtection"), `worker: protected while it exports.*`, worker, "worker: protected"),
	inTemplate("worker may not call by the front door", without(workerPolicy, "execute-api:Invoke"), `worker: protected while it exports.* 0 probes|probes came in`, worker, "worker: protected"),
	inTemplate("no right to the web service's secret", without(webExecution, "secretsmanager:GetSecretValue"), begins+`secretsmanager:GetSecretValue`, none, "-"),
	inTemplate("no right to the worker's secret", without(workerExecution, "secretsmanager:GetSecretValue"), begins+`secretsmanager:GetSecretValue`, none, "-"),
	inTemplate("no right to make a log stream", without(workerExecution, "logs:CreateLogStream"), begins+`logs:CreateLogStream`, none, "-"),
	inTemplate("no right to write a log", without(webExecution, "logs:PutLogEvents"), begins+`logs:PutLogEvents`, none, "-"),
	inTemplate("no right to the image", without(webExecution, "ecr:BatchGetImage"), begins+`ecr:BatchGetImage`, none, "-"),
	inTemplate("no right to the image's layers", without(workerExecution, "ecr:GetDownloadUrlForLayer"), begins+`ecr:GetDownloadUrlForLayer`, none, "-"),
	inTemplate("no right to log in to ECR", without(workerExecution, "ecr:GetAuthorizationToken"), begins+`ecr:GetAuthorizationToken`, none, "-"),
	inTemplate("worker's role isn't ECS's to assume", set("AWS::IAM::Role", "WorkerTaskRole", "lambda.amazonaws.com",
		"AssumeRolePolicyDocument", "Statement", 0, "Principal", "Service"), begins, none, "-"),
	inTemplate("worker's role is for another account's tasks", set("AWS::IAM::Role", "WorkerTaskRole", "999999999999",
		"AssumeRolePolicyDocument", "Statement", 0, "Condition", "StringEquals", "aws:SourceAccount"), begins, none, "-"),

	// What ECS runs.
	inTemplate("worker has another image", inContainer(workerTask, "000000000000.dkr.ecr.us-east-1.amazonaws.com/other:1", "Image"), begins+`image`, none, "-"),
	inTemplate("web service's log group is gone", inContainer(webTask, "/gone", "LogConfiguration", "Options", "awslogs-group"), begins+`log group "/gone"`, none, "-"),
	inTemplate("worker writes its root", inContainer(workerTask, false, "ReadonlyRootFilesystem"), `^(worker: hardening, as the engine has it|deployed resources keep their rules): .*(read-only root|ReadonlyRoot|writable)`, none, "-"),
	inTemplate("web service writes its root", inContainer(webTask, false, "ReadonlyRootFilesystem"), `^(web: hardening, as the engine has it|deployed resources keep their rules): .*(read-only root|ReadonlyRoot|writable)`, web),
	inTemplate("worker is root", inContainer(workerTask, "0:0", "User"), `^(worker: hardening, |deployed resources keep their rules: ).*user`, none, "-"),
	inTemplate("web service is root", inContainer(webTask, "0:0", "User"), `^(web: hardening, |deployed resources keep their rules: ).*user`, web),
	inTemplate("worker keeps capabilities", inContainer(workerTask, []any{"NET_RAW"}, "LinuxParameters", "Capabilities", "Drop"), `^(worker: hardening, |deployed resources keep their rules: ).*(capabilit|drop)`, none, "-"),
	inTemplate("privileged", inContainer(workerTask, true, "Privileged"), begins+`privileged`, none, "-"),
	inTemplate("memory that Fargate doesn't have for the processor", set("AWS::ECS::TaskDefinition", webTask, "4096", "Memory"), begins+`memory`, none, "-"),
	inTemplate("health check of another port", inContainer(workerTask, []any{"CMD-SHELL", "curl -f http://localhost:5001/health || exit 1"}, "HealthCheck", "Command"), begins+`unhealthy|starting`, none, "-"),
	inTemplate("health check that ECS refuses", inContainer(webTask, 301, "HealthCheck", "Interval"), begins+`interval`, none, "-"),
	inTemplate("tmpfs", inContainer(webTask, []any{map[string]any{"ContainerPath": "/tmp", "Size": 64}}, "LinuxParameters", "Tmpfs"), begins+`tmpfs`, none, "-"),
	inTemplate("worker stops in five seconds, and doesn't know", inContainer(workerTask, 3, "StopTimeout"), resource+`.*worker knows its stop|worker stopped while it|worker: SIGTERM`, []string{"attacks"}, "worker stopped", "worker: SIGTERM"),
	inTemplate("web service stops at once", variable(webTask, "SHUTDOWN_DELAY_SECONDS", "0"), `web task stopped while it is a target`, frontDoor, "web task stopped"),
	inTemplate("events go to the dead letters", variable(webTask, "INTAKE_QUEUE_URL", map[string]any{"Ref": "IntakeDeadLettersA15864BB"}), `(signed event accepted|GET /health/ready|events become packages).*`, web),
	inTemplate("claims in a table that isn't there", variable(workerTask, "CLAIMS_TABLE", "none"), packaged, worker, packaged),
	inTemplate("files in a bucket that isn't there", variable(workerTask, "PACKAGE_BUCKET", "none"), packaged, worker, packaged),

	// The front door.
	inTemplate("/canvas isn't routed", both(gone("AWS::ApiGatewayV2::Route", "IngressApiPOSTcanvas"), unset("AWS::ApiGatewayV2::Stage", "IngressApiStage", "RouteSettings", "POST /canvas")), `POST /canvas: status 404`, frontDoor, "only Benchling's routes"),
	inTemplate("/config is open", set("AWS::ApiGatewayV2::Route", "IngressApiGETconfig", "NONE", "AuthorizationType"), `GET /config: status 200`, frontDoor, "only Benchling's routes"),
	inTemplate("POST /event lets one a second in", set("AWS::ApiGatewayV2::Stage", "IngressApiStage", map[string]any{"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 1}, "RouteSettings", "POST /event"), `429`, frontDoor, "connections kept"),
	inTemplate("the load balancer keeps connections longer than the service", attribute("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerAttributes", "idle_timeout.timeout_seconds", "80"), resource+`.*idle connections: .*KEEP_ALIVE_SECONDS|connections kept for the idle time.*KEEP_ALIVE_SECONDS`, frontDoor, "connections kept"),
	inTemplate("targets are checked on another path", set("AWS::ElasticLoadBalancingV2::TargetGroup", "IngressTargets", "/nothing", "HealthCheckPath"), begins+`unhealthy|initial`, none, "-"),
	inTemplate("the integration gives up at once", set("AWS::ApiGatewayV2::Integration", "IngressApi", 50, "TimeoutInMillis"), `.`, faults, "queue refuses writes"),

	// The network.
	inTemplate("web tasks reach nothing", set("AWS::EC2::SecurityGroup", "WebhookGroup", []any{map[string]any{"CidrIp": "10.0.0.0/8", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}}, "SecurityGroupEgress"), begins+`(can't reach AWS|internet)`, none, "-"),
	inTemplate("workers reach every port", set("AWS::EC2::SecurityGroup", "WorkerGroup", []any{map[string]any{"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}}, "SecurityGroupEgress"), `^network: nothing is open.*worker`, none, "-"),
	inTemplate("the load balancer can't reach web tasks", gone("AWS::EC2::SecurityGroupIngress", "WebhookGroupfrom"), begins+`(Target.Timeout|load balancer)`, none, "-"),
	// A group without a rule for what goes out lets everything out.
	inTemplate("the VPC link lets everything out", gone("AWS::EC2::SecurityGroupEgress", "IngressVpcLinkGroupto"), `^network: nothing is open.*VPC link`, none, "-"),
	inTemplate("private subnets have no way out", gone("AWS::EC2::Route", "NetworkPrivateSubnet1DefaultRoute"), begins+`can't reach AWS`, none, "-"),
	inTemplate("web tasks are open to everyone", set("AWS::EC2::SecurityGroup", "WebhookGroup", []any{map[string]any{"CidrIp": "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 5000, "ToPort": 5000}}, "SecurityGroupIngress"), `^network: nothing is open.*web`, none, "-"),

	// What is only seen in the figures.
	inTemplate("connections are cut when a target leaves", attribute("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupAttributes", "deregistration_delay.timeout_seconds", "0"), resource, none, "-"),
	inTemplate("a deployment may stop every web task first", set("AWS::ECS::Service", "WebhookService", 0, "DeploymentConfiguration", "MinimumHealthyPercent"), resource, none, "-"),
	inTemplate("no deployment of the worker is rolled back", set("AWS::ECS::Service", "WorkerService", false, "DeploymentConfiguration", "DeploymentCircuitBreaker", "Rollback"), resource, none, "-"),
	inTemplate("dead letters are kept for minutes", set("AWS::SQS::Queue", "IntakeDeadLetters", 120, "MessageRetentionPeriod"), resource, none, "-"),
	inTemplate("events are kept for minutes", set("AWS::SQS::Queue", "IntakeEvents", 120, "MessageRetentionPeriod"), resource, none, "-"),
	inTemplate("an alarm is inverted", set("AWS::CloudWatch::Alarm", "OperatorAlarmsDeadLetters", "LessThanThreshold", "ComparisonOperator"), resource, none, "-"),
	inTemplate("the bucket of packages has no versions", set("AWS::S3::Bucket", "Packages", "Suspended", "VersioningConfiguration", "Status"), resource, none, "-"),

	// Quilt and the queues.
	inTemplate("Quilt's revisions reach no queue", gone("AWS::SQS::QueuePolicy", "RevisionsEventsPolicy"), resource+`.*RevisionsEvents.*policy|events become packages.* confirmed`, worker, packaged),
	inTemplate("no rule for Quilt's revisions", set("AWS::Events::Rule", "RevisionsRule", "DISABLED", "State"), `events become packages.* confirmed`, worker, packaged),
}
