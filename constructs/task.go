package constructs

import (
	"maps"
	"strconv"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"benchlingwebhook/internal/imagecontract"
)

// logBufferMiB is memory of a task's, beside the container's own, for log lines
// that CloudWatch hasn't taken yet: minutes of them.
const logBufferMiB = 25

// taskProps says what one of the services runs.
type taskProps struct {
	// Name is the container's, and the first part of its log streams' names.
	Name string
	// Command replaces the image's; nil keeps it.
	Command []string
	// Image is the image of the container.
	Image Image
	// Contract is what the image promises: port, user, health check.
	Contract imagecontract.Contract
	// Size is the task's size.
	Size TaskSize
	// StopTimeout is the time between SIGTERM and SIGKILL.
	StopTimeout time.Duration
	// Environment is added to what every task has: region, port, stop timeout.
	Environment map[string]*string
	// Secret holds the Benchling app's credentials.
	Secret BenchlingSecret
	// LogRetentionDays is one of LogRetentionDays.
	LogRetentionDays int
}

// newTask returns a task definition with one container of the image: read-only
// root file system, no capabilities, the contract's numeric user and health
// check. Its role may read the secret, and nothing else yet. It writes its log into the group.
func newTask(scope constructs.Construct, id string, props taskProps) (awsecs.FargateTaskDefinition, awslogs.LogGroup) {
	task := awsecs.NewFargateTaskDefinition(scope, jsii.String(id), &awsecs.FargateTaskDefinitionProps{
		Cpu:            jsii.Number(props.Size.CPU),
		MemoryLimitMiB: jsii.Number(props.Size.MemoryMiB),
		TaskRole:       newTaskRole(scope, id+"Role"),
		ExecutionRole:  newTaskRole(scope, id+"ExecutionRole"),
		RuntimePlatform: &awsecs.RuntimePlatform{
			CpuArchitecture:       props.Image.Cpu,
			OperatingSystemFamily: awsecs.OperatingSystemFamily_LINUX(),
		},
	})
	environment := map[string]*string{
		"AWS_REGION":           awscdk.Aws_REGION(),
		"BENCHLING_SECRET_ARN": props.Secret.Secret.SecretArn(),
		"PORT":                 jsii.String(strconv.Itoa(props.Contract.Port)),
		"SERVICE_NAME":         jsii.String(props.Name),
		"STACK_NAME":           awscdk.Stack_Of(scope).StackName(),
		"STOP_TIMEOUT_SECONDS": seconds(props.StopTimeout),
	}
	maps.Copy(environment, props.Environment)
	entrypoint, command := run(props)
	log := newLogGroup(scope, "Log", props.LogRetentionDays)
	container := task.AddContainer(jsii.String(props.Name), &awsecs.ContainerDefinitionOptions{
		Image:                  props.Image.Container,
		EntryPoint:             entrypoint,
		Command:                command,
		VersionConsistency:     awsecs.VersionConsistency_ENABLED,
		User:                   jsii.String(props.Contract.User.String()),
		Privileged:             jsii.Bool(false),
		ReadonlyRootFilesystem: jsii.Bool(true),
		LinuxParameters:        newLinuxParameters(scope, "Linux"),
		PortMappings: &[]*awsecs.PortMapping{{
			ContainerPort: jsii.Number(props.Contract.Port),
			Protocol:      awsecs.Protocol_TCP,
		}},
		HealthCheck: containerHealthCheck(props.Contract.HealthCheck),
		StopTimeout: duration(props.StopTimeout),
		Environment: &environment,
		Secrets: &map[string]awsecs.Secret{
			"BENCHLING_SECRET": awsecs.Secret_FromSecretsManager(props.Secret.Secret, nil),
		},
		Logging: awsecs.LogDriver_AwsLogs(&awsecs.AwsLogDriverProps{
			LogGroup:     log,
			StreamPrefix: jsii.String(props.Name),
			// A log service that is slow must not stop the service: what finds no room
			// in the buffer is lost, and the alarm LogLinesLost counts it.
			Mode:          awsecs.AwsLogDriverMode_NON_BLOCKING,
			MaxBufferSize: awscdk.Size_Mebibytes(jsii.Number(logBufferMiB)),
		}),
	})
	addVolumes(task, container, props.Contract.Volumes)
	props.Secret.grantRead(task.TaskRole())
	return task, log
}

// run returns what replaces the image's ENTRYPOINT and CMD; nil keeps them. Where
// the image has an ENTRYPOINT, a command alone would only be its arguments.
func run(props taskProps) (entrypoint, command *[]*string) {
	switch {
	case props.Command == nil:
		return nil, nil
	case len(props.Contract.Entrypoint) > 0:
		return jsii.Strings(props.Command[0]), jsii.Strings(props.Command[1:]...)
	}
	return nil, jsii.Strings(props.Command...)
}

// addVolumes gives each VOLUME of the image a volume of the task's own, which is
// writable though the root file system is not.
//
// Source: Amazon ECS's guide, bind mounts.
func addVolumes(task awsecs.FargateTaskDefinition, container awsecs.ContainerDefinition, paths []string) {
	for i, path := range paths {
		name := jsii.String("volume" + strconv.Itoa(i))
		task.AddVolume(&awsecs.Volume{Name: name})
		container.AddMountPoints(&awsecs.MountPoint{SourceVolume: name, ContainerPath: jsii.String(path), ReadOnly: jsii.Bool(false)})
	}
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
