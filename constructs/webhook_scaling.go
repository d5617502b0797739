package constructs

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/jsii-runtime-go"
)

const (
	// scaleInCooldown keeps tasks for the next wave of a bulk edit.
	scaleInCooldown = 5 * time.Minute
	// scaleOutCooldown is about the start of a task.
	scaleOutCooldown = time.Minute
)

// WebhookScalingProps says between what numbers the service scales.
type WebhookScalingProps struct {
	// Service is scaled.
	Service awsecs.FargateService
	// TargetGroup counts the requests.
	TargetGroup elb.ApplicationTargetGroup
	// Size is a task's, and the least number of tasks.
	Size TaskSize
	// Max is the most tasks.
	Max int
}

// ScaleWebhookService scales the service by CPU and by requests, whichever asks
// for more tasks.
func ScaleWebhookService(props WebhookScalingProps) {
	scaling := props.Service.AutoScaleTaskCount(&awsapplicationautoscaling.EnableScalingProps{
		MinCapacity: jsii.Number(props.Size.Desired),
		MaxCapacity: jsii.Number(props.Max),
	})
	scaling.ScaleOnCpuUtilization(jsii.String("Cpu"), &awsecs.CpuUtilizationScalingProps{
		TargetUtilizationPercent: jsii.Number(targetPercent),
		ScaleInCooldown:          duration(scaleInCooldown),
		ScaleOutCooldown:         duration(scaleOutCooldown),
	})
	scaling.ScaleOnRequestCount(jsii.String("Requests"), &awsecs.RequestCountScalingProps{
		RequestsPerTarget: jsii.Number(requestsPerTarget(props.Size)),
		TargetGroup:       props.TargetGroup,
		ScaleInCooldown:   duration(scaleInCooldown),
		ScaleOutCooldown:  duration(scaleOutCooldown),
	})
}
