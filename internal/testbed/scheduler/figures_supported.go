package scheduler

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"benchlingwebhook/internal/cfn"
)

// unsupported returns what a Service would do otherwise than ECS, and what ECS refuses.
//
// Source of the last: AWS CDK's reference, FargateServiceProps, availabilityZoneRebalancing.
func (p serviceProperties) unsupported() []error {
	var faults []error
	only := func(name, value, known string) {
		if value != known {
			faults = append(faults, fmt.Errorf("%s is %q: the rehearsal's scheduler knows %q only", name, value, known))
		}
	}
	d := p.DeploymentConfiguration
	only("SchedulingStrategy", p.SchedulingStrategy, "REPLICA")
	only("DeploymentController.Type", p.DeploymentController.Type, "ECS")
	only("DeploymentConfiguration.Strategy", d.Strategy, "ROLLING")
	if d.EarlySuccessCriteria.Enable {
		faults = append(faults, fmt.Errorf("EarlySuccessCriteria is enabled: the rehearsal's scheduler doesn't know it"))
	}
	if len(d.LifecycleHooks) > 0 {
		faults = append(faults, fmt.Errorf("%d LifecycleHooks: the rehearsal's scheduler knows none", len(d.LifecycleHooks)))
	}
	if len(p.LoadBalancers) > 1 {
		faults = append(faults, fmt.Errorf("%d target groups: the rehearsal's scheduler knows one", len(p.LoadBalancers)))
	}
	if p.AvailabilityZoneRebalancing == "ENABLED" && d.MaximumPercent <= 100 {
		faults = append(faults, fmt.Errorf("AvailabilityZoneRebalancing is ENABLED with MaximumPercent %d: ECS refuses it up to 100", d.MaximumPercent))
	}
	return faults
}

// desired returns the number of tasks of a service when it is made.
func (p serviceProperties) desired(template cfn.Template, service string) (int, error) {
	if p.DesiredCount != nil {
		return *p.DesiredCount, nil
	}
	for _, r := range template.OfType("AWS::ApplicationAutoScaling::ScalableTarget") {
		var target struct {
			MinCapacity int
			ResourceID  any `json:"ResourceId"`
		}
		if err := r.Decode(&target); err != nil {
			return 0, fmt.Errorf("%s: %w", r.ID, err)
		}
		if strings.Contains(cfn.Text(target.ResourceID), service) {
			return target.MinCapacity, nil
		}
	}
	return 0, fmt.Errorf("neither a DesiredCount nor a scalable target: set one")
}

// bake returns the longest evaluation range of alarms, by their logical IDs.
func bake(template cfn.Template, alarms []string) (time.Duration, error) {
	var longest time.Duration
	for _, id := range alarms {
		resource, is := template.Resources[id]
		if !is {
			return 0, fmt.Errorf("alarm %s isn't of the template: let a deployment watch the stack's own", id)
		}
		var alarm struct {
			EvaluationPeriods, Period int
			Metrics                   []struct{ MetricStat struct{ Period int } }
		}
		if err := resource.Decode(&alarm); err != nil {
			return 0, fmt.Errorf("alarm %s: %w", id, err)
		}
		periods := []int{alarm.Period}
		for _, m := range alarm.Metrics {
			periods = append(periods, m.MetricStat.Period)
		}
		longest = max(longest, time.Duration(alarm.EvaluationPeriods*slices.Max(periods))*time.Second)
	}
	return longest, nil
}
