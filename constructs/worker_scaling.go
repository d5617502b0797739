package constructs

import (
	"time"

	autoscaling "github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"
)

const (
	// waitingForOneMore and waitingForMore are numbers of waiting events that
	// ask for one and for three more tasks. A task works on four at once.
	waitingForOneMore, waitingForMore = 20, 200
	// oldForOneMore and oldForMore are ages of the oldest event that do.
	oldForOneMore, oldForMore = 2 * time.Minute, 10 * time.Minute
)

// WorkerScalingProps says between what numbers the worker scales.
type WorkerScalingProps struct {
	// Service is scaled.
	Service awsecs.FargateService
	// Queue has the depth and the age.
	Queue IntakeQueue
	// Min and Max are numbers of tasks.
	Min, Max int
}

// ScaleWorkerService scales the worker out by the number of events that wait and
// by the age of the oldest, and in when none waits. A task that is taken away
// finishes its work or gives it back.
func ScaleWorkerService(props WorkerScalingProps) {
	scaling := props.Service.AutoScaleTaskCount(&autoscaling.EnableScalingProps{
		MinCapacity: jsii.Number(props.Min),
		MaxCapacity: jsii.Number(props.Max),
	})
	scaling.ScaleOnMetric(jsii.String("Depth"), &autoscaling.BasicStepScalingPolicyProps{
		Metric: props.Queue.Events.MetricApproximateNumberOfMessagesVisible(statistic("Maximum")),
		ScalingSteps: &[]*autoscaling.ScalingInterval{
			{Upper: jsii.Number(0), Change: jsii.Number(-1)},
			{Lower: jsii.Number(waitingForOneMore), Upper: jsii.Number(waitingForMore), Change: jsii.Number(1)},
			{Lower: jsii.Number(waitingForMore), Change: jsii.Number(3)},
		},
		Cooldown: duration(scaleOutCooldown),
	})
	scaling.ScaleOnMetric(jsii.String("Age"), &autoscaling.BasicStepScalingPolicyProps{
		Metric: props.Queue.Events.MetricApproximateAgeOfOldestMessage(statistic("Maximum")),
		ScalingSteps: &[]*autoscaling.ScalingInterval{
			{Lower: jsii.Number(oldForOneMore.Seconds()), Upper: jsii.Number(oldForMore.Seconds()), Change: jsii.Number(1)},
			{Lower: jsii.Number(oldForMore.Seconds()), Change: jsii.Number(3)},
		},
		Cooldown: duration(scaleOutCooldown),
	})
}
