package scheduler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"benchlingwebhook/internal/cfn"
)

// Figures are what a deployed service says of itself. Resources are named by their
// logical IDs, as internal/simulation names alarms.
type Figures struct {
	Service string
	// Desired is the number of tasks: the least of Application Auto Scaling where the
	// service says none.
	Desired                               int
	MinimumHealthyPercent, MaximumPercent int
	// GracePeriod is how long after a task's start no check can call it unhealthy.
	GracePeriod time.Duration
	Breaker     Breaker
	Rollback    AlarmRollback
	// TargetGroup is "" without a load balancer.
	TargetGroup string
}

// Breaker is the deployment circuit breaker.
type Breaker struct {
	Enable, Rollback bool
	// ResetOnHealthyTask sets the count of failed tasks back when one is healthy.
	ResetOnHealthyTask bool
	Type               types.ThresholdType
	// Value is a percentage of the desired tasks, or with COUNT a number.
	Value int
}

// AlarmRollback are the alarms that fail a deployment.
type AlarmRollback struct {
	Enable, Rollback bool
	Alarms           []string
	// Bake is how long the alarms are watched once the old tasks are gone. AWS derives
	// it from the alarms without saying how: here it is the longest evaluation range.
	//
	// Source: ECS's developer guide, "How CloudWatch alarms detect Amazon ECS
	// deployment failures".
	Bake time.Duration
}

// Faster returns the figures with a grace period and a time of baking that are as many
// times shorter as the load balancer's checks come sooner, and alarms are evaluated over
// less. The counts stay.
func (f Figures) Faster(by int) Figures {
	f.GracePeriod /= time.Duration(by)
	f.Rollback.Bake /= time.Duration(by)
	return f
}

// serviceProperties are AWS::ECS::Service's, with ECS's defaults set beforehand.
type serviceProperties struct {
	DesiredCount                  *int
	HealthCheckGracePeriodSeconds int
	AvailabilityZoneRebalancing   string
	SchedulingStrategy            string
	DeploymentController          struct{ Type string }
	LoadBalancers                 []struct{ TargetGroupArn any }
	DeploymentConfiguration       struct {
		MinimumHealthyPercent, MaximumPercent int
		Strategy                              string
		EarlySuccessCriteria                  struct{ Enable bool }
		LifecycleHooks                        []any
		DeploymentCircuitBreaker              struct {
			Enable, Rollback       bool
			ResetOnHealthyTask     bool
			ThresholdConfiguration struct {
				Type  types.ThresholdType
				Value int
			}
		}
		Alarms struct {
			Enable, Rollback bool
			AlarmNames       []any
		}
	}
}

// withDefaults are what ECS sets where a template doesn't.
//
// Source: ECS's API reference, CreateService and DeploymentConfiguration.
const withDefaults = `{
	"SchedulingStrategy": "REPLICA",
	"DeploymentController": {"Type": "ECS"},
	"DeploymentConfiguration": {
		"MinimumHealthyPercent": 100, "MaximumPercent": 200, "Strategy": "ROLLING",
		"DeploymentCircuitBreaker": {"ResetOnHealthyTask": true, "ThresholdConfiguration": {"Type": "BOUNDED_PERCENT", "Value": 50}}
	}
}`

// Read returns the figures of the service of a deployed stack whose logical ID begins
// with a prefix, such as "WorkerService". They are the deployed template's: the local AWS
// drops a service's alarms, grace period and scaling. What a Service doesn't know is an
// error, all of it at once.
func Read(ctx context.Context, cloud aws.Config, stack, service string) (Figures, error) {
	deployed, err := cloudformation.NewFromConfig(cloud).GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: &stack})
	if err != nil {
		return Figures{}, fmt.Errorf("stack %q: %w", stack, err)
	}
	template, err := cfn.Read([]byte(aws.ToString(deployed.TemplateBody)))
	if err != nil {
		return Figures{}, fmt.Errorf("stack %q: %w", stack, err)
	}
	figures, err := figuresOf(template, service)
	if err != nil {
		return Figures{}, fmt.Errorf("stack %q: %w", stack, err)
	}
	return figures, nil
}

func figuresOf(template cfn.Template, prefix string) (Figures, error) {
	services := slices.DeleteFunc(template.OfType("AWS::ECS::Service"), func(r cfn.Resource) bool { return !strings.HasPrefix(r.ID, prefix) })
	if len(services) != 1 {
		return Figures{}, fmt.Errorf("%d services whose names begin with %q: name one", len(services), prefix)
	}
	var p serviceProperties
	if err := errors.Join(json.Unmarshal([]byte(withDefaults), &p), services[0].Decode(&p)); err != nil {
		return Figures{}, fmt.Errorf("service %s: %w", services[0].ID, err)
	}
	d := p.DeploymentConfiguration
	b := d.DeploymentCircuitBreaker
	f := Figures{
		Service:               services[0].ID,
		MinimumHealthyPercent: d.MinimumHealthyPercent,
		MaximumPercent:        d.MaximumPercent,
		GracePeriod:           time.Duration(p.HealthCheckGracePeriodSeconds) * time.Second,
		Breaker:               Breaker{b.Enable, b.Rollback, b.ResetOnHealthyTask, b.ThresholdConfiguration.Type, b.ThresholdConfiguration.Value},
		Rollback:              AlarmRollback{Enable: d.Alarms.Enable, Rollback: d.Alarms.Rollback, Alarms: cfn.Texts(d.Alarms.AlarmNames)},
	}
	faults := p.unsupported()
	var err error
	if f.Desired, err = p.desired(template, f.Service); err != nil {
		faults = append(faults, err)
	}
	if f.Rollback.Bake, err = bake(template, f.Rollback.Alarms); err != nil {
		faults = append(faults, err)
	}
	for _, balanced := range p.LoadBalancers {
		f.TargetGroup = cfn.Text(balanced.TargetGroupArn)
	}
	for i := range faults {
		faults[i] = fmt.Errorf("service %s: %w", f.Service, faults[i])
	}
	return f, errors.Join(faults...)
}
