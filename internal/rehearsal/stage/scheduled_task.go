package stage

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"benchlingwebhook/internal/testbed/loadbalancer"
)

// inspectEvery is the time between two looks at a task's containers.
const inspectEvery = time.Second

// scheduledTask is a running task as the scheduler sees it. Its health is looked at
// beside the scheduler, which waits for no engine.
type scheduledTask struct {
	stage   *Stage
	task    *Task
	targets *loadbalancer.Balancer
	// essential are the engine's names of the containers whose end is the task's.
	essential []string
	health    atomic.Value
	exited    chan struct{}
}

// watchTask looks at a task of a definition until the context or the task ends.
func (s *Stage) watchTask(ctx context.Context, running *Task, definition types.TaskDefinition, targets *loadbalancer.Balancer) *scheduledTask {
	t := &scheduledTask{stage: s, task: running, targets: targets, exited: make(chan struct{})}
	for _, c := range definition.ContainerDefinitions {
		if c.Essential == nil || aws.ToBool(c.Essential) {
			t.essential = append(t.essential, running.Name+"-"+aws.ToString(c.Name))
		}
	}
	t.health.Store(types.HealthStatusUnknown)
	go t.watch(ctx)
	return t
}

func (t *scheduledTask) watch(ctx context.Context) {
	every := time.NewTicker(inspectEvery)
	defer every.Stop()
	for {
		// What the engine doesn't say now, it says a second later.
		if states, err := t.inspect(ctx); err == nil {
			if slices.ContainsFunc(states, containerState.ended) {
				close(t.exited)
				return
			}
			t.health.Store(healthOf(states))
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}

func (t *scheduledTask) inspect(ctx context.Context) ([]containerState, error) {
	var states []containerState
	for _, name := range t.essential {
		var inspected struct{ State containerState }
		if err := t.stage.Inspect(ctx, "container", name, &inspected); err != nil {
			return nil, err
		}
		states = append(states, inspected.State)
	}
	return states, nil
}

// ended says whether a container runs no more.
func (state containerState) ended() bool { return state.Status == "exited" || state.Status == "dead" }

// healthOf returns a task's health by the states of its essential containers: those
// without a health check don't count.
//
// Source: ECS's API reference, HealthCheck.
func healthOf(states []containerState) types.HealthStatus {
	checked := slices.DeleteFunc(slices.Clone(states), func(state containerState) bool { return state.Health == nil })
	has := func(status string) func(containerState) bool {
		return func(state containerState) bool { return state.Health.Status == status }
	}
	switch {
	case slices.ContainsFunc(checked, has("unhealthy")):
		return types.HealthStatusUnhealthy
	case len(checked) == 0 || slices.ContainsFunc(checked, has("starting")):
		return types.HealthStatusUnknown
	}
	return types.HealthStatusHealthy
}

// ID is the task's in ECS.
func (t *scheduledTask) ID() string { return t.task.ID }

// Health is what the engine said at the last look.
func (t *scheduledTask) Health() types.HealthStatus { return t.health.Load().(types.HealthStatus) }

// TargetHealth is the load balancer's word.
func (t *scheduledTask) TargetHealth() elb.TargetHealthStateEnum {
	state, is := t.targets.States()[t.task.address()]
	if !is {
		return elb.TargetHealthStateEnumUnused
	}
	return elb.TargetHealthStateEnum(state)
}

// Protected is what ECS's agent was told.
func (t *scheduledTask) Protected() bool { return t.stage.Agent.Protected(t.task.ID) }

// Exited is closed once an essential container has ended.
func (t *scheduledTask) Exited() <-chan struct{} { return t.exited }

// Stop stops the task; its error is of another end than ECS's tasks should have, too.
func (t *scheduledTask) Stop(ctx context.Context) error {
	if t.targets != nil {
		t.targets.Stopping(t.task.address())
	}
	_, err := t.stage.StopTask(ctx, t.task)
	return err
}
