package constructs

import (
	"fmt"
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"benchlingwebhook/internal/imagecontract"
)

// httpsPort is the port of every service that the tasks call: AWS and Benchling.
const httpsPort = 443

// webContainer is the name of the container in the web task.
const webContainer = "web"

// WebhookServiceProps says what runs, where, and with whom it talks.
type WebhookServiceProps struct {
	// Network holds the tasks.
	Network Network
	// Cluster runs the tasks.
	Cluster awsecs.ICluster
	// Image is the image of the container.
	Image Image
	// Contract is what the image promises: port, user, health check.
	Contract imagecontract.Contract
	// TargetGroup sends requests to the tasks.
	TargetGroup elb.ApplicationTargetGroup
	// RollbackAlarms take a deployment back when one of them goes off.
	RollbackAlarms []awscloudwatch.IAlarm
	// Queue takes the verified events.
	Queue IntakeQueue
	// Bucket is where packages go; the web tasks only show its name.
	Bucket PackageBucket
	// Secret holds the Benchling app's credentials.
	Secret BenchlingSecret
	// Size is the tasks' size and number.
	Size TaskSize
	// LogRetentionDays is one of LogRetentionDays.
	LogRetentionDays int
	// QuiltCatalog is the host name of the Quilt catalog, or empty.
	QuiltCatalog string
	// PackagePrefix is the first part of every package's name.
	PackagePrefix string
	// LogLevel is a level of Python's logging, such as "INFO".
	LogLevel string
}

// TaskSize is the size and number of a service's tasks.
type TaskSize struct {
	// CPU is in CPU units, 1024 to a virtual processor.
	CPU int
	// MemoryMiB is in MiB.
	MemoryMiB int
	// Desired is the number of tasks at rest.
	Desired int
}

// WebhookService is the Fargate service that answers Benchling.
type WebhookService struct {
	// Service is the service with its tasks.
	Service awsecs.FargateService
}

// NewWebhookService returns a Fargate service behind the target group. Its task
// has a read-only root file system, no capabilities, the contract's numeric
// user and health check, and rights to one queue.
func NewWebhookService(scope constructs.Construct, id string, props WebhookServiceProps) WebhookService {
	scope = constructs.NewConstruct(scope, jsii.String(id))
	task := newWebTask(scope, "Task", props)

	group := newSecurityGroup(scope, "Group", props.Network.Vpc, "Webhook tasks")
	group.AddEgressRule(awsec2.Peer_AnyIpv4(), awsec2.Port_Tcp(jsii.Number(httpsPort)), jsii.String("AWS and Benchling"), nil)

	check := props.Contract.HealthCheck
	alarmNames := make([]*string, len(props.RollbackAlarms))
	for i, alarm := range props.RollbackAlarms {
		alarmNames[i] = alarm.AlarmName()
	}
	service := awsecs.NewFargateService(scope, jsii.String("Service"), &awsecs.FargateServiceProps{
		Cluster:                     props.Cluster,
		TaskDefinition:              task,
		DesiredCount:                jsii.Number(props.Size.Desired),
		MinHealthyPercent:           jsii.Number(100),
		MaxHealthyPercent:           jsii.Number(200),
		CircuitBreaker:              &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
		DeploymentAlarms:            &awsecs.DeploymentAlarmConfig{AlarmNames: &alarmNames, Behavior: awsecs.AlarmBehavior_ROLLBACK_ON_ALARM},
		AvailabilityZoneRebalancing: awsecs.AvailabilityZoneRebalancing_ENABLED,
		PlatformVersion:             awsecs.FargatePlatformVersion_LATEST,
		// A target is new until it has passed its checks; the load balancer's
		// verdict before that must not stop the task.
		HealthCheckGracePeriod: duration(check.StartPeriod + healthyThreshold*check.Interval),
		VpcSubnets:             props.Network.Private,
		SecurityGroups:         &[]awsec2.ISecurityGroup{group},
		AssignPublicIp:         jsii.Bool(false),
		EnableExecuteCommand:   jsii.Bool(false),
		EnableECSManagedTags:   jsii.Bool(true),
		PropagateTags:          awsecs.PropagatedTagSource_SERVICE,
	})
	service.AttachToApplicationTargetGroup(props.TargetGroup)
	// A first task that starts before it may pull its image, or before NAT is
	// there, counts as a failed deployment.
	service.Node().AddDependency(task.ExecutionRole(), props.Network.Vpc.SelectSubnets(props.Network.Private).InternetConnectivityEstablished)
	return WebhookService{Service: service}
}

// newWebTask returns the task definition with the one container of the web
// service, and grants its role what the container does.
func newWebTask(scope constructs.Construct, id string, props WebhookServiceProps) awsecs.FargateTaskDefinition {
	task := awsecs.NewFargateTaskDefinition(scope, jsii.String(id), &awsecs.FargateTaskDefinitionProps{
		Cpu:            jsii.Number(props.Size.CPU),
		MemoryLimitMiB: jsii.Number(props.Size.MemoryMiB),
		RuntimePlatform: &awsecs.RuntimePlatform{
			CpuArchitecture:       props.Image.Cpu,
			OperatingSystemFamily: awsecs.OperatingSystemFamily_LINUX(),
		},
	})
	task.AddContainer(jsii.String(webContainer), &awsecs.ContainerDefinitionOptions{
		Image:                  props.Image.Container,
		VersionConsistency:     awsecs.VersionConsistency_ENABLED,
		User:                   jsii.String(userOf(props.Contract)),
		Privileged:             jsii.Bool(false),
		ReadonlyRootFilesystem: jsii.Bool(true),
		LinuxParameters:        newLinuxParameters(scope, "Linux"),
		PortMappings: &[]*awsecs.PortMapping{{
			ContainerPort: jsii.Number(props.Contract.Port),
			Protocol:      awsecs.Protocol_TCP,
		}},
		HealthCheck: containerHealthCheck(props.Contract.HealthCheck),
		StopTimeout: duration(stopTimeout),
		Environment: &map[string]*string{
			"AWS_REGION":           awscdk.Aws_REGION(),
			"INTAKE_QUEUE_URL":     props.Queue.Events.QueueUrl(),
			"LOG_LEVEL":            jsii.String(props.LogLevel),
			"PACKAGE_BUCKET":       props.Bucket.Bucket.BucketName(),
			"PACKAGE_PREFIX":       jsii.String(props.PackagePrefix),
			"PORT":                 jsii.String(strconv.Itoa(props.Contract.Port)),
			"QUILT_CATALOG":        jsii.String(props.QuiltCatalog),
			"STOP_TIMEOUT_SECONDS": jsii.String(strconv.Itoa(int(stopTimeout.Seconds()))),
		},
		Secrets: &map[string]awsecs.Secret{
			"BENCHLING_SECRET": awsecs.Secret_FromSecretsManager(props.Secret.Secret, nil),
		},
		Logging: awsecs.LogDriver_AwsLogs(&awsecs.AwsLogDriverProps{
			LogGroup:     newLogGroup(scope, "Log", props.LogRetentionDays),
			StreamPrefix: jsii.String(webContainer),
			// A log service that is slow must not stop the answers to Benchling.
			Mode: awsecs.AwsLogDriverMode_NON_BLOCKING,
		}),
	})
	props.Queue.Events.Grant(task.TaskRole(), jsii.String("sqs:SendMessage"), jsii.String("sqs:GetQueueAttributes"))
	return task
}

// newLinuxParameters returns a container's kernel settings: no capabilities, and
// an init process that reaps what the health check leaves.
func newLinuxParameters(scope constructs.Construct, id string) awsecs.LinuxParameters {
	linux := awsecs.NewLinuxParameters(scope, jsii.String(id), &awsecs.LinuxParametersProps{
		InitProcessEnabled: jsii.Bool(true),
	})
	linux.DropCapabilities(awsecs.Capability_ALL)
	return linux
}

// containerHealthCheck returns the image's HEALTHCHECK, which ECS ignores unless
// the task definition repeats it.
func containerHealthCheck(check imagecontract.HealthCheck) *awsecs.HealthCheck {
	return &awsecs.HealthCheck{
		Command:     jsii.Strings(check.Command...),
		Interval:    duration(check.Interval),
		Timeout:     duration(check.Timeout),
		StartPeriod: duration(check.StartPeriod),
		Retries:     jsii.Number(check.Retries),
	}
}

// userOf returns the contract's user as Docker writes it: "uid:gid", or "uid"
// where the image names no group.
func userOf(contract imagecontract.Contract) string {
	if contract.User.GID < 0 {
		return strconv.Itoa(contract.User.UID)
	}
	return fmt.Sprintf("%d:%d", contract.User.UID, contract.User.GID)
}
