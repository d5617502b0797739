// Package scheduler stands in for ECS's service scheduler: it keeps the tasks of one
// service, replaces those that end or are unhealthy, and rolls a new task definition
// out, or back, by the figures that are deployed. What starts and stops tasks is given
// to it.
//
// It knows one Availability Zone, so that it balances none, and always has capacity for
// another task. Where AWS says nothing, a doc comment says so: how often ECS looks, how
// waits of throttled starts grow, how long alarms bake, and which of several tasks goes.
//
// Sources: ECS's developer guide, "Amazon ECS services" and the pages that the
// functions name; ECS's API reference.
package scheduler

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// Drives are what a Service acts on. None of their methods may call the Service.
type Drives struct {
	Runner Runner
	// Targets is the target group; nil for a service without a load balancer.
	Targets Targets
	// Alarms are CloudWatch's; nil where the figures name none.
	Alarms Alarms
}

// Runner starts tasks.
type Runner interface {
	// Start returns when the task's containers run, which ECS calls RUNNING; its error
	// says why they never will.
	Start(ctx context.Context, definition types.TaskDefinition) (Task, error)
}

// Task is one whose containers ran at some time. Health, TargetHealth and Protected
// are asked often, and must return soon.
type Task interface {
	// ID is the task's in ECS.
	ID() string
	// Health is that of the essential containers, after the retries of their health
	// checks.
	Health() types.HealthStatus
	// TargetHealth is the load balancer's word; it isn't asked without Targets.
	TargetHealth() elb.TargetHealthStateEnum
	// Protected says whether scale-in protection is on, and hasn't expired.
	Protected() bool
	// Exited is closed once an essential container has ended.
	Exited() <-chan struct{}
	// Stop sends SIGTERM, and SIGKILL when the definition's stopTimeout is over. It
	// returns when the containers have ended.
	Stop(ctx context.Context) error
}

// Targets is a target group.
type Targets interface {
	Register(Task)
	// Deregister begins to drain a target; the channel is closed once it is unused.
	Deregister(Task) (unused <-chan struct{})
}

// Alarms knows the states of alarms.
type Alarms interface {
	// InAlarm says whether any of the alarms is in ALARM. The names are those of
	// Figures.
	InAlarm(names []string) bool
}
