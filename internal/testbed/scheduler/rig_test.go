package scheduler

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// rig is a service that runs in a test's fake time, and what it drives.
type rig struct {
	*Service
	fleet *fleet
	// fault is what Run's error says in the end.
	fault string
	// leastServing and mostRunning are of all moments since settle.
	lock                      sync.Mutex
	leastServing, mostRunning int
}

// defaults are the figures of a service behind a load balancer, as CDK and ECS set them.
func defaults(desired int) Figures {
	return Figures{
		Service: "web", Desired: desired, MinimumHealthyPercent: 100, MaximumPercent: 200, GracePeriod: time.Minute, TargetGroup: "targets",
		Breaker:  Breaker{Enable: true, Rollback: true, ResetOnHealthyTask: true, Type: types.ThresholdTypeBoundedPercent, Value: 50},
		Rollback: AlarmRollback{Enable: true, Rollback: true, Alarms: []string{"Failing"}, Bake: 5 * time.Minute},
	}
}

// play runs a service of "good" in fake time until it is steady, then what a test does.
func play(t *testing.T, figures Figures, behaviours map[string]behaviour, do func(*testing.T, *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, figures, "good", behaviours)
		r.completes(t, "ecs-svc/1")
		r.watch()
		do(t, r)
	})
}

// start runs a service in a bubble of fake time until the test's end.
func start(t *testing.T, figures Figures, first string, behaviours map[string]behaviour) *rig {
	t.Helper()
	if _, is := behaviours["good"]; !is {
		behaviours["good"] = behaviour{healthyAfter: 30 * time.Second, stopTakes: 10 * time.Second, drainTakes: 15 * time.Second}
	}
	r := &rig{fleet: &fleet{behaviours: behaviours}}
	drives := Drives{Runner: r.fleet, Alarms: r.fleet}
	if figures.TargetGroup != "" {
		drives.Targets = r.fleet
	}
	r.Service = New(figures, definition(first), drives)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.Run(ctx); r.fault == "" {
			assert.Check(t, err)
		} else {
			assert.Check(t, cmp.Error(err, r.fault))
		}
	})
	running.Go(func() {
		for ctx.Err() == nil {
			r.sample()
			time.Sleep(lookEvery / 2)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return r
}

func (r *rig) sample() {
	serving, running := r.fleet.serving(), r.fleet.running()
	r.lock.Lock()
	defer r.lock.Unlock()
	r.leastServing, r.mostRunning = min(r.leastServing, serving), max(r.mostRunning, running)
}

// watch begins to look for the least and the most.
func (r *rig) watch() {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.leastServing, r.mostRunning = r.fleet.serving(), r.fleet.running()
}

// extremes returns the least that served and the most that ran since watch.
func (r *rig) extremes() (leastServing, mostRunning int) {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.leastServing, r.mostRunning
}
