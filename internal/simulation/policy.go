package simulation

import (
	"fmt"
	"math"
	"slices"

	"benchlingwebhook/internal/cfn"
)

// defaultCooldown is that of ECS services, in seconds.
//
// Source: Application Auto Scaling API Reference, StepScalingPolicyConfiguration
// and TargetTrackingScalingPolicyConfiguration.
const defaultCooldown = 300

// policy is a scaling policy: by steps, or by tracking when target is set.
type policy struct {
	name, target string
	// adjustment and aggregation are CloudFormation's words.
	adjustment, aggregation string
	cooldown                int
	steps                   []step
	tracking                *tracking
}

// step changes the capacity while the breach, the value less the threshold, lies
// within its bounds; nil is unbounded.
type step struct {
	MetricIntervalLowerBound, MetricIntervalUpperBound *float64
	ScalingAdjustment                                  int
}

type policyProperties struct {
	PolicyType                     string
	ScalingTargetID                any `json:"ScalingTargetId"`
	StepScalingPolicyConfiguration *struct {
		AdjustmentType, MetricAggregationType string
		Cooldown                              *int
		StepAdjustments                       []step
	}
	TargetTrackingScalingPolicyConfiguration *trackingConfiguration
}

func readPolicy(r cfn.Resource) (policy, error) {
	var p policyProperties
	if err := r.Decode(&p); err != nil {
		return policy{}, err
	}
	read := policy{name: r.ID, target: cfn.Text(p.ScalingTargetID)}
	if p.PolicyType == "TargetTrackingScaling" && p.TargetTrackingScalingPolicyConfiguration != nil {
		var err error
		read.tracking, err = newTracking(r.ID, *p.TargetTrackingScalingPolicyConfiguration, read.target)
		return read, err
	}
	steps := p.StepScalingPolicyConfiguration
	if p.PolicyType != "StepScaling" || steps == nil {
		return read, fmt.Errorf("PolicyType %q is not simulated: use StepScaling or TargetTrackingScaling", p.PolicyType)
	}
	read.adjustment, read.aggregation = steps.AdjustmentType, steps.MetricAggregationType
	read.cooldown, read.steps = defaultCooldown, steps.StepAdjustments
	if steps.Cooldown != nil {
		read.cooldown = *steps.Cooldown
	}
	if read.aggregation == "" {
		read.aggregation = "Average"
	}
	if read.adjustment != "ChangeInCapacity" && read.adjustment != "ExactCapacity" {
		return read, fmt.Errorf("AdjustmentType %q is not simulated: use ChangeInCapacity or ExactCapacity", read.adjustment)
	}
	return read, nil
}

// change returns what a policy by steps makes of a capacity when its alarm rings
// on these data points. A bound is inclusive towards the threshold.
//
// Source: Application Auto Scaling API Reference, StepAdjustment.
func (p policy) change(capacity int, a Alarm, points []float64) int {
	breach := statistics[p.aggregation](points, "") - a.Threshold
	within := func(s step) bool {
		lower, upper := math.Inf(-1), math.Inf(1)
		if s.MetricIntervalLowerBound != nil {
			lower = *s.MetricIntervalLowerBound
		}
		if s.MetricIntervalUpperBound != nil {
			upper = *s.MetricIntervalUpperBound
		}
		if a.below() {
			return breach > lower && breach <= upper
		}
		return breach >= lower && breach < upper
	}
	i := slices.IndexFunc(p.steps, within)
	switch {
	case i < 0:
		return capacity
	case p.adjustment == "ExactCapacity":
		return p.steps[i].ScalingAdjustment
	}
	return capacity + p.steps[i].ScalingAdjustment
}
