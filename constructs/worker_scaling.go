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
	// WORKER_CONCURRENCY in docker/src/settings.py.
	exportsPerTask = 4
	// fewOutstanding, someOutstanding and manyOutstanding are numbers of events
	// that ask for one, two and four more tasks, minute by minute: about what
	// one, two and five tasks do within three minutes.
	fewOutstanding, someOutstanding, manyOutstanding = 20, 40, 100
	// scaleInAfter is how long what is outstanding must fit fewer tasks.
	scaleInAfter = 5 * time.Minute
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
}

// ScaleWorkerService scales the worker by the events that are outstanding: those
// that wait and those in work, so that long exports keep their tasks. Each minute
// adds tasks while many are outstanding; what is outstanding for scaleInAfter
// without being many sets the number of tasks whose places it fills. The age of
// the oldest event scales nothing: behind an earlier event of its entry it waits
// however many tasks there are.
//
// internal/simulation shows what these figures do over a day.
func ScaleWorkerService(props WorkerScalingProps) {
	scaling := props.Service.AutoScaleTaskCount(&autoscaling.EnableScalingProps{
		MinCapacity: jsii.Number(props.Min),
		MaxCapacity: jsii.Number(props.Max),
	})
	if props.Max == props.Min {
		return
	}
	scaling.ScaleOnMetric(jsii.String("Outstanding"), &autoscaling.BasicStepScalingPolicyProps{
		Metric: outstanding(props.Queue),
		ScalingSteps: &[]*autoscaling.ScalingInterval{
			{Lower: jsii.Number(fewOutstanding), Upper: jsii.Number(someOutstanding), Change: jsii.Number(1)},
			{Lower: jsii.Number(someOutstanding), Upper: jsii.Number(manyOutstanding), Change: jsii.Number(2)},
			{Lower: jsii.Number(manyOutstanding), Change: jsii.Number(4)},
		},
		Cooldown: duration(scaleOutCooldown),
	})
	scaling.ScaleOnMetric(jsii.String("Fitting"), &autoscaling.BasicStepScalingPolicyProps{
		Metric:            outstanding(props.Queue),
		AdjustmentType:    autoscaling.AdjustmentType_EXACT_CAPACITY,
		ScalingSteps:      fittingSteps(props.Min, props.Max),
		EvaluationPeriods: jsii.Number(scaleInAfter.Minutes()),
		// The most of these minutes, so that no lull takes a task away.
		MetricAggregationType: autoscaling.MetricAggregationType_MAXIMUM,
		Cooldown:              duration(scaleOutCooldown),
	})
}

// outstanding is the number of events that aren't done: those that can be
// received, and those that are in work or put off.
func outstanding(queue IntakeQueue) awscloudwatch.IMetric {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: jsii.String("waiting + taken"),
		Label:      jsii.String("Events waiting or in work"),
		Period:     duration(alarmPeriod),
		UsingMetrics: &map[string]awscloudwatch.IMetric{
			"waiting": queue.Events.MetricApproximateNumberOfMessagesVisible(statistic("Maximum")),
			"taken":   queue.Events.MetricApproximateNumberOfMessagesNotVisible(statistic("Maximum")),
		},
	})
}

// fittingSteps returns the number of tasks for each number of outstanding events
// that fewer than most tasks work on at once; in steps of several tasks when
// there would be too many of them.
func fittingSteps(fewest, most int) *[]*autoscaling.ScalingInterval {
	stride := (most - fewest + maxSteps - 1) / maxSteps
	var steps []*autoscaling.ScalingInterval
	var lower *float64
	for tasks := fewest; tasks < most; tasks += stride {
		upper := jsii.Number(tasks * exportsPerTask)
		steps = append(steps, &autoscaling.ScalingInterval{Lower: lower, Upper: upper, Change: jsii.Number(tasks)})
		lower = upper
	}
	return &steps
}
