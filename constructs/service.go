package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"benchlingwebhook/internal/imagecontract"
)

// httpsPort is the port of every service that the tasks call: AWS and Benchling.
const httpsPort = 443

// TaskSize is the size and number of a service's tasks.
type TaskSize struct {
	// CPU is in CPU units, 1024 to a virtual processor.
	CPU int
	// MemoryMiB is in MiB.
	MemoryMiB int
	// Desired is the number of tasks at rest, the least that scaling keeps.
	Desired int
}

// ServiceProps says what both services are given: where their tasks run, and
// with what they work.
type ServiceProps struct {
	// Network holds the tasks.
	Network Network
	// Cluster runs the tasks.
	Cluster awsecs.ICluster
	// Image is the image of the container.
	Image Image
	// Contract is what the image promises: port, user, health check.
	Contract imagecontract.Contract
	// Queue takes the verified events and gives them to the worker.
	Queue IntakeQueue
	// Claims records which events are done, and how an entry's last export ended.
	Claims ClaimsTable
	// Bucket is where packages go; nil where none are made.
	Bucket *PackageBucket
	// Secret holds the Benchling app's credentials.
	Secret BenchlingSecret
	// LogRetentionDays is one of LogRetentionDays.
	LogRetentionDays int
	// QuiltCatalog is the host name of the Quilt catalog, or empty.
	QuiltCatalog string
	// PackagePrefix is the first part of every package's name.
	PackagePrefix string
	// LogLevel is a level of Python's logging, such as "INFO".
	LogLevel string
	// Tracing sends traces of events to AWS X-Ray.
	Tracing bool
}

// environment returns the variables that both services have.
func (p ServiceProps) environment() map[string]*string {
	environment := map[string]*string{
		"CANVAS_QUEUE_URL": p.Queue.Canvases.QueueUrl(),
		"INTAKE_QUEUE_URL": p.Queue.Events.QueueUrl(),
		"LOG_LEVEL":        jsii.String(p.LogLevel),
		"QUILT_CATALOG":    jsii.String(p.QuiltCatalog),
	}
	if p.Bucket != nil {
		environment["PACKAGE_BUCKET"] = p.Bucket.Bucket.BucketName()
		environment["PACKAGE_PREFIX"] = jsii.String(p.PackagePrefix)
	} else {
		environment["EXPORT_ENTRIES"] = jsii.String("false")
	}
	if p.Tracing {
		environment["TRACING"] = jsii.String("true")
	}
	return environment
}

// grantTracing lets a role send traces, where there are any. The action takes no
// resource.
//
// Source: the service authorization reference, actions of AWS X-Ray.
func (p ServiceProps) grantTracing(role awsiam.IRole) {
	if p.Tracing {
		role.AddToPrincipalPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: jsii.Strings("xray:PutTraceSegments"), Resources: jsii.Strings("*"),
		}))
	}
}

// fargateProps says how tasks are kept running.
type fargateProps struct {
	// Network holds the tasks.
	Network Network
	// Cluster runs the tasks.
	Cluster awsecs.ICluster
	// Task is what each task is.
	Task awsecs.FargateTaskDefinition
	// Peers describes the tasks' security group.
	Peers string
	// RollbackAlarms take a deployment back when one of them goes off; none
	// leaves that to the circuit breaker.
	RollbackAlarms []awscloudwatch.IAlarm
	// GracePeriod is how long the load balancer's verdict on a new task doesn't
	// count; nil for tasks without one.
	GracePeriod awscdk.Duration
	// Spot runs the tasks on Fargate's spare capacity: for one service of a cluster.
	Spot bool
}

// newService returns a Fargate service in private subnets whose tasks may call
// out by HTTPS. Their number is left to scaling. A deployment that fails is taken
// back, and never leaves fewer tasks than there were.
func newService(scope constructs.Construct, props fargateProps) awsecs.FargateService {
	group := newSecurityGroup(scope, "Group", props.Network.Vpc, props.Peers)
	group.AddEgressRule(awsec2.Peer_AnyIpv4(), awsec2.Port_Tcp(jsii.Number(httpsPort)), jsii.String("AWS and Benchling"), nil)

	var alarms *awsecs.DeploymentAlarmConfig
	if len(props.RollbackAlarms) > 0 {
		names := make([]*string, len(props.RollbackAlarms))
		for i, alarm := range props.RollbackAlarms {
			names[i] = alarm.AlarmName()
		}
		alarms = &awsecs.DeploymentAlarmConfig{AlarmNames: &names, Behavior: awsecs.AlarmBehavior_ROLLBACK_ON_ALARM}
	}
	var capacity *[]*awsecs.CapacityProviderStrategy
	if props.Spot {
		capacity = &[]*awsecs.CapacityProviderStrategy{{CapacityProvider: jsii.String(spot), Weight: jsii.Number(1)}}
	}
	service := awsecs.NewFargateService(scope, jsii.String("Service"), &awsecs.FargateServiceProps{
		Cluster:        props.Cluster,
		TaskDefinition: props.Task,
		// No DesiredCount: CloudFormation would send it with every change, and end
		// the tasks that scaling has added. A new service begins with one task, and
		// has its minimum as soon as it is registered for scaling.
		// Source: RegisterScalableTarget in Application Auto Scaling's API.
		MinHealthyPercent:           jsii.Number(100),
		MaxHealthyPercent:           jsii.Number(200),
		CircuitBreaker:              &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
		DeploymentAlarms:            alarms,
		AvailabilityZoneRebalancing: awsecs.AvailabilityZoneRebalancing_ENABLED,
		CapacityProviderStrategies:  capacity,
		PlatformVersion:             awsecs.FargatePlatformVersion_LATEST,
		HealthCheckGracePeriod:      props.GracePeriod,
		VpcSubnets:                  props.Network.Private,
		SecurityGroups:              &[]awsec2.ISecurityGroup{group},
		AssignPublicIp:              jsii.Bool(false),
		EnableExecuteCommand:        jsii.Bool(false),
		EnableECSManagedTags:        jsii.Bool(true),
		PropagateTags:               awsecs.PropagatedTagSource_SERVICE,
	})
	if props.Spot {
		service.Node().AddDependency(associateSpot(scope, props.Cluster))
	}
	// A first task that starts before it may pull its image, or before NAT is
	// there, counts as a failed deployment.
	outward := props.Network.Vpc.SelectSubnets(props.Network.Private).InternetConnectivityEstablished
	service.Node().AddDependency(props.Task.ExecutionRole(), outward)
	return service
}
