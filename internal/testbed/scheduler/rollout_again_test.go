package scheduler

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"
)

// TestOldTaskThatEndsDuringARelease is replaced by one of its own release.
func TestOldTaskThatEndsDuringARelease(t *testing.T) {
	play(t, defaults(2), map[string]behaviour{"bad": {}}, func(t *testing.T, r *rig) {
		r.Deploy(definition("bad"))
		time.Sleep(time.Minute)
		r.of("good")[0].exit()
		time.Sleep(time.Second)
		// Two that aren't healthy, and three of the old are more than four.
		r.until(t, "replaced", func() bool { return len(r.of("good")) == 3 && r.fleet.serving() == 2 })
		_, most := r.extremes()
		assert.Equal(t, most, 4)
	})
}

// TestScaleOutDuringARelease gives the old release more tasks, too.
func TestScaleOutDuringARelease(t *testing.T) {
	play(t, defaults(2), map[string]behaviour{"bad": {}}, func(t *testing.T, r *rig) {
		r.Deploy(definition("bad"))
		time.Sleep(time.Minute)
		r.Scale(3)
		r.until(t, "three of the old serve", func() bool { return r.fleet.serving() == 3 })
	})
}

// TestWithoutAlarms completes as soon as the old tasks are gone, whatever an alarm says.
func TestWithoutAlarms(t *testing.T) {
	figures := defaults(1)
	figures.Rollback.Enable = false
	play(t, figures, map[string]behaviour{"next": {healthyAfter: 45 * time.Second}}, func(t *testing.T, r *rig) {
		began := time.Now()
		id := r.Deploy(definition("next"))
		r.fleet.ring(true)
		r.completes(t, id)
		assert.Check(t, time.Since(began) < figures.Rollback.Bake, "took %s", time.Since(began))
	})
}

// TestAlarmWithoutRollback fails the release, whose tasks stay and are replaced no more.
func TestAlarmWithoutRollback(t *testing.T) {
	figures := defaults(1)
	figures.Rollback.Rollback = false
	play(t, figures, map[string]behaviour{"next": {healthyAfter: 45 * time.Second}}, func(t *testing.T, r *rig) {
		steady := r.said("has reached a steady state.")
		id := r.Deploy(definition("next"))
		r.until(t, "the old task is gone", func() bool { return r.said("has stopped 1 running tasks: (task good-1).") == 1 })
		r.fleet.ring(true)
		r.until(t, "failed", func() bool { return r.deployment(t, id).State == types.DeploymentRolloutStateFailed })
		time.Sleep(20 * time.Minute)
		r.untouched(t, "next")
		r.of("next")[0].exit()
		time.Sleep(20 * time.Minute)
		assert.Equal(t, len(r.of("next")), 1)
		assert.Equal(t, r.deployment(t, id).Reason, "ECS deployment alarms: alarm detected.")
		assert.Equal(t, r.said("has reached a steady state."), steady)
	})
}

// TestRollbackThatFails has an old release that doesn't come up any more either, such as
// after its secret was lost: the new tasks stay.
func TestRollbackThatFails(t *testing.T) {
	play(t, defaults(2), map[string]behaviour{"next": {healthyAfter: 45 * time.Second}}, func(t *testing.T, r *rig) {
		id := r.Deploy(definition("next"))
		r.until(t, "the old tasks are gone", func() bool { return r.said("has stopped 1 running tasks: (task good-") == 2 })
		r.fleet.change("good", behaviour{failsAfter: time.Minute})
		r.fleet.ring(true)
		r.until(t, "both failed", func() bool {
			return r.deployment(t, id).State == types.DeploymentRolloutStateFailed && r.deployment(t, "ecs-svc/1").State == types.DeploymentRolloutStateFailed
		})
		time.Sleep(20 * time.Minute)
		assert.Equal(t, r.said("rolling back"), 1)
		r.untouched(t, "next")
		least, _ := r.extremes()
		assert.Equal(t, least, 2)
	})
}

// TestCountOfFailures is set back by a healthy task unless the figures say otherwise,
// and by a rollback.
func TestCountOfFailures(t *testing.T) {
	for _, reset := range []bool{true, false} {
		figures := defaults(1)
		figures.Breaker.ResetOnHealthyTask = reset
		play(t, figures, map[string]behaviour{"flaky": {exitsAfter: time.Second}, "bad": {exitsAfter: time.Second}}, func(t *testing.T, r *rig) {
			id := r.Deploy(definition("flaky"))
			r.until(t, "the second is on its way", func() bool { return len(r.fleet.attempts()) == 3 })
			r.fleet.change("flaky", behaviour{healthyAfter: 30 * time.Second})
			r.until(t, "two failed", func() bool { return r.deployment(t, id).Failed == 2 })
			r.completes(t, id)
			assert.Equal(t, r.deployment(t, id).Failed, map[bool]int{true: 0, false: 2}[reset])
			r.Deploy(definition("bad"))
			r.until(t, "rolled back", func() bool { return r.said("rolling back to deployment "+id) == 1 })
			assert.Equal(t, r.deployment(t, id).Failed, 0)
		})
	}
}
