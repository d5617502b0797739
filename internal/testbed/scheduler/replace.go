package scheduler

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// count returns how many tasks meet all conditions.
func (s *Service) count(conditions ...func(*task) bool) int {
	n := 0
next:
	for _, t := range s.tasks {
		for _, holds := range conditions {
			if !holds(t) {
				continue next
			}
		}
		n++
	}
	return n
}

func live(t *task) bool      { return t.phase != ending }
func healthy(t *task) bool   { return t.healthy }
func unhealthy(t *task) bool { return t.unhealthy && live(t) }

func (d *deployment) has(t *task) bool { return t.of == d }

// good returns how many tasks of a deployment need no replacement.
func (s *Service) good(d *deployment) int { return s.count(d.has, live) - s.count(d.has, unhealthy) }

// room returns how many more tasks may run.
func (s *Service) room() int { return s.figures.maximum(s.desired) - s.count(live) }

// wanted returns how many tasks a deployment should have: one that failed starts none.
func (s *Service) wanted(d *deployment) int {
	switch {
	case d.state == types.DeploymentRolloutStateFailed:
		return 0
	case d != s.primary:
		return d.want
	}
	return s.desired
}

// start starts the tasks that are missing, as far as there is room. A deployment that is
// being replaced gets its own again, where the new one leaves room: AWS says no order.
//
// Sources: ECS's API reference, DeploymentConfiguration, maximumPercent; AWS's
// announcement of November 2025, "Amazon ECS improves Service Availability during Rolling
// deployments".
func (s *Service) start(ctx context.Context, now time.Time) {
	s.fill(ctx, s.primary, now)
	older := 0
	for _, d := range s.deployments {
		if d != s.primary {
			older += s.count(d.has, live)
			s.fill(ctx, d, now)
		}
	}
	stuck := s.figures.maximum(s.desired) <= s.desired && s.figures.minimum(s.desired) >= s.desired
	if stuck && older > 0 && s.primary.state == types.DeploymentRolloutStateInProgress {
		s.sayOnce(s.primary, "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.")
	}
}

// fill starts the tasks that a deployment misses.
func (s *Service) fill(ctx context.Context, d *deployment, now time.Time) {
	for s.good(d) < s.wanted(d) && s.room() > 0 && !now.Before(d.retry) {
		s.launch(ctx, d)
		s.steady = false
	}
}

// stopOlder stops tasks of deployments that are replaced, while the rest are as many as
// must be healthy. Protected ones are left until their protection ends: the deployment
// waits.
//
// Sources: ECS's API reference, DeploymentConfiguration, minimumHealthyPercent; ECS's
// developer guide, "Protect your Amazon ECS tasks from being terminated by scale-in
// events".
func (s *Service) stopOlder(ctx context.Context) {
	protected := map[*deployment]int{}
	for _, t := range s.tasks {
		others := s.count(healthy)
		if t.healthy {
			others--
		}
		if t.of == s.primary || !live(t) || others < s.figures.minimum(s.desired) {
			continue
		}
		if t.phase == runs && t.Protected() {
			protected[t.of]++
			continue
		}
		t.of.want = max(t.of.want-1, 0)
		s.end(ctx, t)
	}
	for d, n := range protected {
		s.sayOnce(d, "was unable to reach steady state because (taskSet %s) was unable to scale in due to (reason %d tasks under protection)", d.id, n)
	}
}

// stopUnhealthy stops unhealthy tasks once others are healthy in their place. Where there
// is no room for another task, one is stopped to make room. Protection is from scale-in
// and deployments alone.
//
// Source: AWS's article "A deep dive into Amazon ECS task health and task replacement";
// ECS's API reference, DeploymentConfiguration.
func (s *Service) stopUnhealthy(ctx context.Context) {
	for _, t := range s.tasks {
		if !unhealthy(t) {
			continue
		}
		d, wanted := t.of, s.wanted(t.of)
		replaced := s.count(d.has, live, healthy) >= wanted
		full := s.room() <= 0 && s.good(d) < wanted
		if replaced || full {
			d.failed++
			s.end(ctx, t)
		}
	}
}

// scaleIn stops the primary deployment's tasks that are more than desired: those that
// aren't healthy yet first, then the newest, which AWS doesn't say within a zone.
// Protected ones are left.
//
// Source: ECS's API reference, CreateService, healthCheckGracePeriodSeconds.
func (s *Service) scaleIn(ctx context.Context) {
	for _, first := range []func(*task) bool{func(t *task) bool { return !t.healthy }, healthy} {
		for i := len(s.tasks) - 1; i >= 0 && s.good(s.primary) > s.desired; i-- {
			t := s.tasks[i]
			if t.of == s.primary && live(t) && !t.unhealthy && first(t) && !(t.phase == runs && t.Protected()) {
				s.end(ctx, t)
			}
		}
	}
}
