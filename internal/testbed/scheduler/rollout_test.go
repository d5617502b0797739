package scheduler

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"
)

// TestRollingDeploymentKeepsTheMinimum rolls a good release out with each of the
// figures. One task of which one must stay and one may run can't be replaced at all.
func TestRollingDeploymentKeepsTheMinimum(t *testing.T) {
	for _, c := range []struct {
		desired, minimum, maximum int
		least, most               int
		stuck                     bool
	}{
		{desired: 1, minimum: 100, maximum: 200, least: 1, most: 2},
		{desired: 2, minimum: 100, maximum: 200, least: 2, most: 4},
		{desired: 3, minimum: 100, maximum: 150, least: 3, most: 4},
		{desired: 1, minimum: 50, maximum: 100, least: 1, most: 1, stuck: true},
		{desired: 2, minimum: 50, maximum: 100, least: 1, most: 2},
		// A minimum of 0 leaves a time without any task.
		{desired: 1, minimum: 0, maximum: 100, least: 0, most: 1},
		{desired: 2, minimum: 0, maximum: 100, least: 0, most: 2},
	} {
		t.Run(fmt.Sprintf("%d tasks of %d to %d %%", c.desired, c.minimum, c.maximum), func(t *testing.T) {
			figures := defaults(c.desired)
			figures.MinimumHealthyPercent, figures.MaximumPercent = c.minimum, c.maximum
			play(t, figures, map[string]behaviour{"next": {healthyAfter: 45 * time.Second}}, func(t *testing.T, r *rig) {
				id := r.Deploy(definition("next"))
				if c.stuck {
					time.Sleep(20 * time.Minute)
					r.untouched(t, "good")
					assert.Equal(t, len(r.of("next")), 0)
					assert.Equal(t, r.deployment(t, id).State, types.DeploymentRolloutStateInProgress)
					assert.Equal(t, r.said("was unable to stop or start tasks during a deployment"), 1)
				} else {
					r.completes(t, id)
					assert.Equal(t, len(r.of("next")), c.desired)
					assert.Equal(t, r.deployment(t, "ecs-svc/1").Status, "INACTIVE")
				}
				least, most := r.extremes()
				assert.Equal(t, least, c.least)
				assert.Equal(t, most, c.most)
			})
		})
	}
}

func TestEventsOfARelease(t *testing.T) {
	play(t, defaults(1), map[string]behaviour{"next": {healthyAfter: 45 * time.Second}}, func(t *testing.T, r *rig) {
		before := len(r.Events())
		began := time.Now()
		r.completes(t, r.Deploy(definition("next")))
		assert.DeepEqual(t, r.messages()[before:], []string{
			"has started 1 tasks: (task next-2).",
			"registered 1 targets in (target-group targets)",
			"deregistered 1 targets in (target-group targets)",
			"has begun draining connections on 1 tasks.",
			"has stopped 1 running tasks: (task good-1).",
			"(deployment ecs-svc/2) deployment completed.",
			"has reached a steady state.",
		})
		old := r.of("good")[0].now()
		assert.Equal(t, old.told.Sub(old.deregistered), 15*time.Second, "SIGTERM before the target was unused")
		// Start, health, drain, stop, bake.
		took := time.Since(began)
		least := startTakes + 45*time.Second + 15*time.Second + 10*time.Second + 5*time.Minute
		assert.Check(t, took >= least && took < least+10*time.Second, "took %s", took)
		assert.Equal(t, r.deployment(t, "ecs-svc/2").Reason, "ECS deployment ecs-svc/2 completed.")
	})
}

// TestUnhealthyReleaseIsRolledBack rolls out releases that never become healthy: the
// circuit breaker opens, and nothing of the old release was touched.
func TestUnhealthyReleaseIsRolledBack(t *testing.T) {
	for name, bad := range map[string]behaviour{
		"fails its checks":        {failsAfter: 50 * time.Second},
		"ends at once":            {exitsAfter: 2 * time.Second},
		"never runs":              {neverRuns: true},
		"stops slowly when bad":   {failsAfter: 50 * time.Second, stopTakes: 2 * time.Minute},
		"is never said to be bad": {},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, defaults(2), map[string]behaviour{"bad": bad}, func(t *testing.T, r *rig) {
				id := r.Deploy(definition("bad"))
				if name == "is never said to be bad" {
					time.Sleep(20 * time.Minute)
					assert.Equal(t, r.deployment(t, id).State, types.DeploymentRolloutStateInProgress)
					r.untouched(t, "good")
					return
				}
				r.completes(t, "ecs-svc/1")
				r.until(t, "rolled back", func() bool {
					return r.deployment(t, id).Status == "INACTIVE" && r.said("rolling back to deployment ecs-svc/1.") == 1
				})
				r.completes(t, "ecs-svc/1")
				r.untouched(t, "good")
				assert.Equal(t, len(r.of("good")), 2)
				assert.Equal(t, r.deployment(t, id).State, types.DeploymentRolloutStateFailed)
				assert.Equal(t, r.deployment(t, id).Reason, "ECS deployment circuit breaker: tasks failed to start.")
				assert.Equal(t, r.said("(deployment ecs-svc/2) deployment failed: tasks failed to start."), 1)
				baked := r.at(t, "(deployment ecs-svc/1) deployment completed.").Sub(r.at(t, "rolling back"))
				assert.Check(t, baked >= r.figures.Rollback.Bake, "baked %s", baked)
				least, most := r.extremes()
				assert.Equal(t, least, 2)
				assert.Check(t, most <= 4)
				// One task more than the threshold may be on its way.
				tried := len(r.fleet.attempts()) - 2
				assert.Check(t, tried >= 3 && tried <= 5, "%d tries", tried)
			})
		})
	}
}

func TestWithoutRollbackTheOldTasksStay(t *testing.T) {
	figures := defaults(1)
	figures.Breaker.Rollback = false
	play(t, figures, map[string]behaviour{"bad": {failsAfter: 50 * time.Second}}, func(t *testing.T, r *rig) {
		id := r.Deploy(definition("bad"))
		r.until(t, "failed", func() bool { return r.deployment(t, id).State == types.DeploymentRolloutStateFailed })
		tried := len(r.fleet.attempts())
		time.Sleep(20 * time.Minute)
		assert.Equal(t, len(r.fleet.attempts()), tried, "a deployment that failed started a task")
		assert.Equal(t, r.deployment(t, id).Status, "PRIMARY")
		r.untouched(t, "good")
	})
}

// TestFirstReleaseThatFailsIsStalled has nothing to roll back to.
func TestFirstReleaseThatFailsIsStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, defaults(1), "bad", map[string]behaviour{"bad": {failsAfter: 50 * time.Second}})
		r.until(t, "failed", func() bool { return r.deployment(t, "ecs-svc/1").State == types.DeploymentRolloutStateFailed })
		tried := len(r.fleet.attempts())
		time.Sleep(20 * time.Minute)
		assert.Equal(t, len(r.fleet.attempts()), tried)
		assert.Equal(t, r.said("rolling back"), 0)
	})
}

// TestAlarmRollsBack rings an alarm at some time after the deployment's begin. The
// release's tasks are healthy throughout.
func TestAlarmRollsBack(t *testing.T) {
	for _, c := range []struct {
		name       string
		after      time.Duration
		rolledBack bool
	}{
		{"while it is rolled out", 30 * time.Second, true},
		{"while it bakes", 4 * time.Minute, true},
		{"after it has completed", 20 * time.Minute, false},
		{"before it begins", -time.Second, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, defaults(2), map[string]behaviour{"next": {healthyAfter: 45 * time.Second}}, func(t *testing.T, r *rig) {
				r.fleet.ring(c.after < 0)
				id := r.Deploy(definition("next"))
				time.Sleep(max(c.after, 0))
				r.fleet.ring(true)
				time.Sleep(15 * time.Minute)
				least, _ := r.extremes()
				assert.Equal(t, least, 2)
				if !c.rolledBack {
					r.completes(t, id)
					assert.Equal(t, r.said("rolling back"), 0)
					return
				}
				r.completes(t, "ecs-svc/1")
				assert.Equal(t, r.deployment(t, id).State, types.DeploymentRolloutStateFailed)
				assert.Equal(t, r.said("(deployment ecs-svc/2) deployment failed: alarm detected."), 1)
				assert.Check(t, slices.Contains(r.messages(), "rolling back to deployment ecs-svc/1."))
				for _, m := range r.of("next") {
					assert.Check(t, m.now().ended, "%s runs on", m.id)
				}
			})
		})
	}
}
