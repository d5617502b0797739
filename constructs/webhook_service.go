package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// webContainer is the name of the container in the web task.
const webContainer = "web"

// WebhookServiceProps says what runs, where, and with whom it talks.
type WebhookServiceProps struct {
	ServiceProps
	// Size is the tasks' size and number.
	Size TaskSize
	// TargetGroup sends requests to the tasks.
	TargetGroup elb.ApplicationTargetGroup
	// RollbackAlarms take a deployment back when one of them goes off.
	RollbackAlarms []awscloudwatch.IAlarm
}

// WebhookService is the Fargate service that responds to Benchling.
type WebhookService struct {
	// Service is the service with its tasks.
	Service awsecs.FargateService
	log     awslogs.LogGroup
}

// NewWebhookService returns a Fargate service behind the target group. Its task
// has a read-only root file system, no capabilities, the contract's numeric
// user and health check, and rights to write into two queues.
func NewWebhookService(scope constructs.Construct, id string, props WebhookServiceProps) WebhookService {
	scope = constructs.NewConstruct(scope, jsii.String(id))
	task, log := newWebTask(scope, "Task", props)

	check := props.Contract.HealthCheck
	service := newService(scope, fargateProps{
		Network:        props.Network,
		Cluster:        props.Cluster,
		Task:           task,
		Peers:          "Webhook tasks",
		RollbackAlarms: props.RollbackAlarms,
		// It begins when the task starts, and covers the start, the registration
		// with the target group, which takes seconds, and the first checks: a
		// verdict before that must not stop the task.
		// Source: the API reference of ECS, CreateService.
		GracePeriod: duration(check.StartPeriod + firstChecks*check.Interval),
	})
	service.AttachToApplicationTargetGroup(props.TargetGroup)
	return WebhookService{Service: service, log: log}
}

// newWebTask returns the web service's task definition with its rights.
func newWebTask(scope constructs.Construct, id string, props WebhookServiceProps) (awsecs.FargateTaskDefinition, awslogs.LogGroup) {
	environment := props.environment()
	environment["SHUTDOWN_DELAY_SECONDS"] = seconds(shutdownDelay)
	task, log := newTask(scope, id, taskProps{
		Name:             webContainer,
		Image:            props.Image,
		Contract:         props.Contract,
		Size:             props.Size,
		StopTimeout:      stopTimeout,
		Secret:           props.Secret,
		LogRetentionDays: props.LogRetentionDays,
		Environment:      environment,
	})
	for _, queue := range []awssqs.Queue{props.Queue.Events, props.Queue.Canvases} {
		queue.Grant(task.TaskRole(), jsii.String("sqs:SendMessage"), jsii.String("sqs:GetQueueAttributes"))
	}
	props.grantTracing(task.TaskRole())
	return task, log
}
