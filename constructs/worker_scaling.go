package constructs

import (
	"time"

	autoscaling "github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"
)

const (
	// exportsPerTask is how many exports a task works on at once, the default of
	// WORKER_CONCURRENCY in docker/src/runtime/settings.py.
	exportsPerTask = 4
	// scaleInAfter is how long what is outstanding must fit fewer tasks.
	scaleInAfter = 3 * time.Minute
	// maxSteps is the most step adjustments that one policy may have.
	//
	// Source: Application Auto Scaling User Guide, Quotas.
	maxSteps = 20
)

// WorkerScalingProps says between what numbers the worker scales.
type WorkerScalingProps struct {
	// Service is scaled.
	Service awsecs.FargateService
	// Queue has the events.
	Queue IntakeQueue
	// Min and Max are numbers of tasks.
	Min, Max int
	// Hours are those in which alone tasks run; nil is always.
	Hours *Hours
}

// ScaleWorkerService scales the worker to as many tasks as have a place for each
// event that is outstanding: those that wait and those in work, so that long
// exports keep their tasks. The most of the last minutes counts: a minute with
// more adds tasks at once, and only scaleInAfter with fewer takes some away. The
// age of the oldest event scales nothing: behind an earlier event of its entry it
// waits however many tasks there are.
//
// internal/simulation shows what these figures do over a day.
func ScaleWorkerService(props WorkerScalingProps) {
	scaling := props.Service.AutoScaleTaskCount(&autoscaling.EnableScalingProps{
		MinCapacity: jsii.Number(props.Min),
		MaxCapacity: jsii.Number(props.Max),
	})
	if props.Hours != nil {
		props.Hours.keep(scaling, props.Min, props.Max)
	}
	if props.Max == props.Min {
		return
	}
	policy := autoscaling.BasicStepScalingPolicyProps{
		Metric:                outstanding(props.Queue),
		AdjustmentType:        autoscaling.AdjustmentType_EXACT_CAPACITY,
		MetricAggregationType: autoscaling.MetricAggregationType_MAXIMUM,
		EvaluationPeriods:     jsii.Number(scaleInAfter / alarmPeriod),
		Cooldown:              duration(scaleOutCooldown),
	}
	busy, quiet := policy, policy
	busy.DatapointsToAlarm = jsii.Number(1)
	busy.ScalingSteps = busySteps(props.Min, props.Max)
	// CDK wants two steps or more.
	quiet.ScalingSteps = &[]*autoscaling.ScalingInterval{
		{Upper: jsii.Number(0), Change: jsii.Number(props.Min)},
		{Lower: jsii.Number(0), Upper: jsii.Number(props.Min * exportsPerTask), Change: jsii.Number(props.Min)},
	}
	scaling.ScaleOnMetric(jsii.String("Busy"), &busy)
	scaling.ScaleOnMetric(jsii.String("Quiet"), &quiet)
}

// outstanding is the number of events that aren't done: those that can be
// received, and those that are in work or put off.
func outstanding(queue IntakeQueue) awscloudwatch.IMetric {
	return expression("Events waiting or in work", "waiting + taken", alarmPeriod, map[string]awscloudwatch.IMetric{
		"waiting": queue.Events.MetricApproximateNumberOfMessagesVisible(statistic("Maximum")),
		"taken":   queue.Events.MetricApproximateNumberOfMessagesNotVisible(statistic("Maximum")),
	})
}

// busySteps returns the number of tasks for each number of outstanding events that
// needs more than the fewest; in steps of several tasks when there would be too
// many. The last begins where the most tasks are full, so that there are two.
func busySteps(fewest, most int) *[]*autoscaling.ScalingInterval {
	stride := (most - fewest + maxSteps) / maxSteps
	var steps []*autoscaling.ScalingInterval
	for tasks := fewest; tasks <= most; tasks += stride {
		steps = append(steps, &autoscaling.ScalingInterval{
			// One event more than these tasks have places for.
			Lower:  jsii.Number(tasks*exportsPerTask + 1),
			Change: jsii.Number(min(tasks+stride, most)),
		})
	}
	return &steps
}
