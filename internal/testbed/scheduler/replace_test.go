package scheduler

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"
)

func TestTaskThatIsKilledIsReplaced(t *testing.T) {
	play(t, defaults(2), map[string]behaviour{}, func(t *testing.T, r *rig) {
		steady := r.said("has reached a steady state.")
		r.of("good")[0].exit()
		r.until(t, "two serve again", func() bool { return len(r.of("good")) == 3 && r.fleet.serving() == 2 })
		r.until(t, "steady", func() bool { return r.said("has reached a steady state.") == steady+1 })
		assert.Equal(t, len(r.Running()), 2)
		assert.Check(t, !r.of("good")[0].now().registered)
		assert.Equal(t, r.deployment(t, "ecs-svc/1").State, types.DeploymentRolloutStateCompleted)
	})
}

// TestUnhealthyTask is replaced: by one that starts before it is stopped where there is
// room for it.
func TestUnhealthyTask(t *testing.T) {
	for _, c := range []struct {
		name             string
		minimum, maximum int
		most             int
	}{{"with room", 100, 200, 2}, {"without room", 0, 100, 1}} {
		t.Run(c.name, func(t *testing.T) {
			figures := defaults(1)
			figures.MinimumHealthyPercent, figures.MaximumPercent = c.minimum, c.maximum
			play(t, figures, map[string]behaviour{}, func(t *testing.T, r *rig) {
				sick := r.of("good")[0]
				sick.sicken()
				r.until(t, "replaced", func() bool { return sick.now().ended && r.fleet.serving() == 1 })
				_, most := r.extremes()
				assert.Equal(t, most, c.most)
				replacement := r.of("good")[1]
				if c.most == 2 {
					assert.Check(t, sick.now().deregistered.After(replacement.born.Add(replacement.of.healthyAfter-time.Second)))
				} else {
					assert.Check(t, sick.now().deregistered.Before(replacement.born))
				}
				assert.Equal(t, r.said("(task good-1) failed container health checks."), 1)
			})
		})
	}
}

// TestGracePeriod starts tasks that fail their checks until they are ready.
func TestGracePeriod(t *testing.T) {
	for _, c := range []struct {
		name  string
		ready time.Duration
		kept  bool
	}{{"ready within it", 59 * time.Second, true}, {"ready too late", 62 * time.Second, false}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, defaults(1), "slow", map[string]behaviour{"slow": {failsAfter: 5 * time.Second, healthyAfter: c.ready}})
				time.Sleep(3 * time.Minute)
				assert.Equal(t, r.said("(task slow-1) failed container health checks.") == 0, c.kept)
				assert.Equal(t, len(r.of("slow")) == 1, c.kept)
			})
		})
	}
}

// TestProtectedWorkerIsDrainedLater deploys and scales in while a task is protected.
func TestProtectedWorkerIsDrainedLater(t *testing.T) {
	const lasts = 10 * time.Minute
	worker := defaults(1)
	worker.TargetGroup, worker.GracePeriod = "", 0
	for _, end := range []string{"expires", "is ended"} {
		t.Run("a deployment waits until protection "+end, func(t *testing.T) {
			play(t, worker, map[string]behaviour{"next": {healthyAfter: 45 * time.Second}}, func(t *testing.T, r *rig) {
				old := r.of("good")[0]
				old.protect(lasts)
				began := time.Now()
				id := r.Deploy(definition("next"))
				r.until(t, "waits", func() bool { return r.said("was unable to reach steady state because (taskSet ecs-svc/1)") == 1 })
				time.Sleep(lasts / 2)
				r.untouched(t, "good")
				assert.Equal(t, r.deployment(t, id).State, types.DeploymentRolloutStateInProgress)
				if end == "is ended" {
					old.protect(0)
				}
				r.completes(t, id)
				assert.Equal(t, old.now().told.Sub(began) >= lasts, end == "expires")
				assert.Equal(t, len(r.of("next")), 1)
			})
		})
	}
	t.Run("scale-in leaves it", func(t *testing.T) {
		worker.Desired = 2
		play(t, worker, map[string]behaviour{}, func(t *testing.T, r *rig) {
			for _, m := range r.of("good") {
				m.protect(lasts)
			}
			r.Scale(1)
			time.Sleep(lasts / 2)
			r.untouched(t, "good")
			r.of("good")[0].protect(0)
			r.until(t, "one is left", func() bool { return r.fleet.running() == 1 })
			assert.Check(t, !r.of("good")[0].now().left() && r.of("good")[1].now().left())
		})
	})
	t.Run("an unhealthy one is replaced all the same", func(t *testing.T) {
		worker.Desired = 1
		play(t, worker, map[string]behaviour{}, func(t *testing.T, r *rig) {
			sick := r.of("good")[0]
			sick.protect(lasts)
			sick.sicken()
			r.until(t, "replaced", func() bool { return sick.now().ended && r.fleet.serving() == 1 })
		})
	})
}

func TestScale(t *testing.T) {
	play(t, defaults(2), map[string]behaviour{}, func(t *testing.T, r *rig) {
		r.Scale(4)
		r.until(t, "four serve", func() bool { return r.fleet.serving() == 4 })
		r.Scale(1)
		r.until(t, "one is left", func() bool { return r.fleet.running() == 1 })
		time.Sleep(10 * time.Minute)
		assert.Equal(t, r.fleet.running(), 1)
		assert.Equal(t, len(r.of("good")), 4)
	})
}

// TestScaleInStopsTasksThatArePending leaves those that serve.
func TestScaleInStopsTasksThatArePending(t *testing.T) {
	play(t, defaults(2), map[string]behaviour{}, func(t *testing.T, r *rig) {
		serve := r.of("good")
		r.Scale(4)
		time.Sleep(startTakes / 2)
		r.Scale(2)
		time.Sleep(10 * time.Minute)
		for _, m := range serve {
			assert.Check(t, m.now().left())
		}
		assert.Equal(t, r.fleet.running(), 2)
		assert.Equal(t, r.said("stopped 1 pending tasks."), 2)
	})
}

// TestTaskThatEndsWhileItDrains is waited for no longer.
func TestTaskThatEndsWhileItDrains(t *testing.T) {
	slow := behaviour{healthyAfter: 30 * time.Second, drainTakes: time.Hour}
	play(t, defaults(1), map[string]behaviour{"good": slow}, func(t *testing.T, r *rig) {
		r.Scale(2)
		r.until(t, "two serve", func() bool { return r.fleet.serving() == 2 })
		r.Scale(1)
		r.until(t, "one drains", func() bool { return r.fleet.running() == 1 })
		r.of("good")[1].exit()
		time.Sleep(time.Second)
		assert.Equal(t, r.said("has stopped 1 running tasks: (task good-2)."), 1)
	})
}

func TestStopThatFails(t *testing.T) {
	play(t, defaults(1), map[string]behaviour{"good": {healthyAfter: 30 * time.Second, stopFails: true}}, func(t *testing.T, r *rig) {
		r.fault = "task good-2: stop: no engine"
		r.Scale(2)
		r.until(t, "two serve", func() bool { return r.fleet.serving() == 2 })
		r.Scale(1)
		r.until(t, "one is left", func() bool { return r.said("has stopped 1 running tasks") == 1 })
	})
}

// TestThrottle has tasks that never run, without a circuit breaker: attempts come less
// and less often, and a new release is tried at once.
func TestThrottle(t *testing.T) {
	figures := defaults(1)
	figures.Breaker.Enable = false
	synctest.Test(t, func(t *testing.T) {
		r := start(t, figures, "never", map[string]behaviour{"never": {neverRuns: true}})
		time.Sleep(longest)
		starts := r.fleet.attempts()
		for i := 2; i < len(starts); i++ {
			assert.Check(t, starts[i].Sub(starts[i-1]) > starts[i-1].Sub(starts[i-2]) || i > 9, "attempt %d", i)
		}
		r.fleet.change("never", behaviour{exitsAfter: time.Nanosecond})
		r.until(t, "one ran", func() bool { return len(r.of("never")) == 1 })
		r.fleet.change("never", behaviour{neverRuns: true})
		tried := len(r.fleet.attempts())
		r.until(t, "three more were tried", func() bool { return len(r.fleet.attempts()) == tried+3 })
		again := r.fleet.attempts()[tried:]
		assert.Check(t, again[2].Sub(again[1]) < startTakes+2*firstThrottle+time.Second, "a task that ran didn't end the throttling")
		last := starts[len(starts)-1].Sub(starts[len(starts)-2])
		assert.Check(t, last >= longestThrottle && last < longestThrottle+time.Minute, "the last wait was %s", last)
		assert.Equal(t, r.said("is unable to consistently start tasks successfully."), 1)
		began := time.Now()
		r.Deploy(definition("good"))
		r.until(t, "good runs", func() bool { return len(r.of("good")) == 1 })
		assert.Check(t, time.Since(began) < startTakes+5*time.Second)
	})
}
