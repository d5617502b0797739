package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// httpsPort is the port of every service that the tasks call: AWS and Benchling.
const httpsPort = 443

// TaskSize is the size and number of a service's tasks.
type TaskSize struct {
	// CPU is in CPU units, 1024 to a virtual processor.
	CPU int
	// MemoryMiB is in MiB.
	MemoryMiB int
	// Desired is the number of tasks at rest.
	Desired int
}

// serviceProps says how tasks are kept running.
type serviceProps struct {
	// Network holds the tasks.
	Network Network
	// Cluster runs the tasks.
	Cluster awsecs.ICluster
	// Task is what each task is.
	Task awsecs.FargateTaskDefinition
	// Desired is the number of tasks at rest.
	Desired int
	// Peers describes the tasks' security group.
	Peers string
	// RollbackAlarms take a deployment back when one of them goes off; none
	// leaves that to the circuit breaker.
	RollbackAlarms []awscloudwatch.IAlarm
	// GracePeriod is how long the load balancer's verdict on a new task doesn't
	// count; nil for tasks without one.
	GracePeriod awscdk.Duration
}

// newService returns a Fargate service in private subnets whose tasks may call
// out by HTTPS. A deployment that fails is taken back, and never leaves fewer
// tasks than there were.
func newService(scope constructs.Construct, props serviceProps) awsecs.FargateService {
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
	service := awsecs.NewFargateService(scope, jsii.String("Service"), &awsecs.FargateServiceProps{
		Cluster:                     props.Cluster,
		TaskDefinition:              props.Task,
		DesiredCount:                jsii.Number(props.Desired),
		MinHealthyPercent:           jsii.Number(100),
		MaxHealthyPercent:           jsii.Number(200),
		CircuitBreaker:              &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
		DeploymentAlarms:            alarms,
		AvailabilityZoneRebalancing: awsecs.AvailabilityZoneRebalancing_ENABLED,
		PlatformVersion:             awsecs.FargatePlatformVersion_LATEST,
		HealthCheckGracePeriod:      props.GracePeriod,
		VpcSubnets:                  props.Network.Private,
		SecurityGroups:              &[]awsec2.ISecurityGroup{group},
		AssignPublicIp:              jsii.Bool(false),
		EnableExecuteCommand:        jsii.Bool(false),
		EnableECSManagedTags:        jsii.Bool(true),
		PropagateTags:               awsecs.PropagatedTagSource_SERVICE,
	})
	// A first task that starts before it may pull its image, or before NAT is
	// there, counts as a failed deployment.
	outward := props.Network.Vpc.SelectSubnets(props.Network.Private).InternetConnectivityEstablished
	service.Node().AddDependency(props.Task.ExecutionRole(), outward)
	return service
}
