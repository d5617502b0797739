package scheduler

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// judge fails the primary deployment, and rolls it back, where the circuit breaker or an
// alarm says so.
//
// Sources: ECS's developer guide, "How the Amazon ECS deployment circuit breaker detects
// failures" and "How CloudWatch alarms detect Amazon ECS deployment failures".
func (s *Service) judge() {
	d, f := s.primary, s.figures
	if d.state != types.DeploymentRolloutStateInProgress {
		return
	}
	switch {
	case f.Breaker.Enable && d.failed >= f.Breaker.threshold(s.desired):
		s.fail("ECS deployment circuit breaker", "tasks failed to start", f.Breaker.Rollback)
	case d.watched && s.drives.Alarms.InAlarm(f.Rollback.Alarms):
		s.fail("ECS deployment alarms", "alarm detected", f.Rollback.Rollback)
	}
}

// fail ends the primary deployment. The one that completed last becomes primary again;
// without one, no task is started any more.
func (s *Service) fail(by, reason string, rollback bool) {
	failed, completed := s.primary, s.completed
	failed.state, failed.reason = types.DeploymentRolloutStateFailed, by+": "+reason+"."
	s.say("(deployment %s) deployment failed: %s.", failed.id, reason)
	if !rollback || completed == nil {
		return
	}
	s.completed = nil
	s.say("rolling back to deployment %s.", completed.id)
	s.begin(completed, by+": rolling back to deploymentId "+completed.id+".")
}

// complete completes the primary deployment once its tasks are all there and healthy, no
// others are left, and the alarms were watched a while longer.
//
// Sources: ECS's API reference, Deployment, rolloutState; ECS's developer guide, "How
// CloudWatch alarms detect Amazon ECS deployment failures".
func (s *Service) complete(now time.Time) {
	d := s.primary
	whole := s.count(d.has, live, healthy) == s.desired && len(s.tasks) == s.desired
	if !whole || d.state == types.DeploymentRolloutStateFailed {
		return
	}
	if d.settled.IsZero() {
		d.settled = now
	}
	if d.state == types.DeploymentRolloutStateInProgress {
		if d.watched && now.Sub(d.settled) < s.figures.Rollback.Bake {
			return
		}
		d.state, d.reason = types.DeploymentRolloutStateCompleted, "ECS deployment "+d.id+" completed."
		s.completed = d
		s.say("(deployment %s) deployment completed.", d.id)
	}
	if !s.steady {
		s.steady = true
		s.say("has reached a steady state.")
	}
}
