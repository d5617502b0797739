package scheduler

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// phase is where a task is in its life. One that has ended is forgotten.
type phase int

const (
	pending phase = iota
	runs
	ending
)

// task is one of the service's.
type task struct {
	// Task is nil while it is pending.
	Task
	of    *deployment
	phase phase
	// since is when it began to run.
	since time.Time
	// healthy counts towards the minimum; unhealthy is to be replaced. A task that
	// starts is neither.
	healthy, unhealthy bool
	// proven says whether it was healthy at any time.
	proven bool
}

// launch starts a task of a deployment.
func (s *Service) launch(ctx context.Context, d *deployment) {
	t := &task{of: d}
	s.tasks = append(s.tasks, t)
	s.work.Go(func() {
		started, err := s.drives.Runner.Start(ctx, d.definition)
		s.lock.Lock()
		defer s.lock.Unlock()
		if err != nil {
			s.forget(t)
			if ctx.Err() == nil {
				s.launchFailed(d)
			}
			return
		}
		d.launches = 0
		t.Task, t.since = started, time.Now()
		if t.phase == ending { // It was stopped meanwhile.
			s.say("stopped 1 pending tasks.")
			s.finish(ctx, t, nil)
			return
		}
		t.phase = runs
		s.say("has started 1 tasks: (task %s).", t.ID())
		if s.drives.Targets != nil {
			s.drives.Targets.Register(t.Task)
			s.say("registered 1 targets in (target-group %s)", s.figures.TargetGroup)
		}
	})
}

// launchFailed counts a task that never ran, and lets the next one wait.
//
// Source: ECS's developer guide, "Amazon ECS service throttle logic".
func (s *Service) launchFailed(d *deployment) {
	d.failed++
	d.launches++
	d.retry = time.Now().Add(throttle(d.launches))
	if d.launches > 1 {
		s.sayOnce(d, "is unable to consistently start tasks successfully.")
	}
}

// see takes note of a running task's end and health. Checks can't fail a task in its
// grace period, and they can pass it.
//
// Sources: ECS's API reference, DeploymentConfiguration, minimumHealthyPercent, for what
// counts as healthy; CreateService, healthCheckGracePeriodSeconds.
func (s *Service) see(t *task, now time.Time) {
	if t.phase != runs {
		return
	}
	select {
	case <-t.Exited():
		s.lose(t)
		return
	default:
	}
	health, hasCheck, behind := t.Health(), checked(t.of.definition), s.drives.Targets != nil
	target := elb.TargetHealthStateEnumHealthy
	if behind {
		target = t.TargetHealth()
	}
	switch {
	case hasCheck:
		t.healthy = health == types.HealthStatusHealthy && target == elb.TargetHealthStateEnumHealthy
	case behind:
		t.healthy = target == elb.TargetHealthStateEnumHealthy
	default:
		t.healthy = now.Sub(t.since) >= uncheckedHealthy
	}
	if t.healthy && !t.proven {
		t.proven = true
		if s.figures.Breaker.ResetOnHealthyTask {
			t.of.failed = 0
		}
	}
	was := t.unhealthy
	sick, unreachable := hasCheck && health == types.HealthStatusUnhealthy, target == elb.TargetHealthStateEnumUnhealthy
	t.unhealthy = (sick || unreachable) && now.Sub(t.since) >= s.figures.GracePeriod
	switch {
	case !t.unhealthy || was:
	case sick:
		s.say("(task %s) failed container health checks.", t.ID())
	default:
		s.say("(task %s) is unhealthy in (target-group %s)", t.ID(), s.figures.TargetGroup)
	}
}

// lose takes note that a task ended by itself, which fails it unless it was healthy.
func (s *Service) lose(t *task) {
	if !t.proven {
		t.of.failed++
	}
	s.forget(t)
	s.steady = false
	if s.drives.Targets != nil {
		s.drives.Targets.Deregister(t.Task)
		s.say("deregistered 1 targets in (target-group %s)", s.figures.TargetGroup)
	}
}

// end stops a task: its target is drained until it is unused, then the task is told to
// end. One that is pending ends when it would run.
//
// Source: ECS's developer guide, "Optimize load balancer connection draining parameters
// for Amazon ECS".
func (s *Service) end(ctx context.Context, t *task) {
	was := t.phase
	t.phase, t.healthy = ending, false
	s.steady = false
	if was == pending {
		return
	}
	var unused <-chan struct{}
	if s.drives.Targets != nil {
		unused = s.drives.Targets.Deregister(t.Task)
		s.say("deregistered 1 targets in (target-group %s)", s.figures.TargetGroup)
		s.say("has begun draining connections on 1 tasks.")
	}
	s.finish(ctx, t, unused)
}

// finish stops a task once its target, if it has one, is unused.
func (s *Service) finish(ctx context.Context, t *task, unused <-chan struct{}) {
	s.work.Go(func() {
		if unused != nil {
			select {
			case <-unused:
			case <-t.Exited():
			case <-ctx.Done():
				return
			}
		}
		err := t.Stop(ctx)
		s.lock.Lock()
		defer s.lock.Unlock()
		s.forget(t)
		if err != nil && ctx.Err() == nil {
			s.faults = append(s.faults, fmt.Errorf("task %s: stop: %w", t.ID(), err))
		}
		s.say("has stopped 1 running tasks: (task %s).", t.ID())
	})
}

func (s *Service) forget(t *task) {
	s.tasks = slices.DeleteFunc(s.tasks, func(other *task) bool { return other == t })
}
