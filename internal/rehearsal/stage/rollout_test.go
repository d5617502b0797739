package stage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"

	"benchlingwebhook/internal/testbed/fargate"
	"benchlingwebhook/internal/testbed/scheduler"
)

// fakeTasks starts tasks that are healthy or not, by their definition.
type fakeTasks struct {
	*Stage
	lock    sync.Mutex
	started int
}

func (f *fakeTasks) Start(_ context.Context, definition types.TaskDefinition) (scheduler.Task, error) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.started++
	t := &scheduledTask{stage: f.Stage, exited: make(chan struct{})}
	t.task = &Task{ID: fmt.Sprintf("%s-%d", *definition.TaskDefinitionArn, f.started), Containers: []fargate.Container{{Name: "run-web", StopSeconds: 30}}}
	t.health.Store(types.HealthStatusHealthy)
	if *definition.TaskDefinitionArn == "bad" {
		t.health.Store(types.HealthStatusUnhealthy)
	}
	return t, nil
}

func release(name string) types.TaskDefinition {
	return types.TaskDefinition{TaskDefinitionArn: &name, ContainerDefinitions: []types.ContainerDefinition{{HealthCheck: &types.HealthCheck{Command: []string{"CMD", "true"}}}}}
}

// play has two tasks of "good" scheduled in fake time, and does something then.
func play(t *testing.T, do func(*testing.T, *Scheduled)) {
	t.Helper()
	s, put := engineOf(t)
	put(healthy)
	figures := scheduler.Figures{
		Service: "web", Desired: 2, MinimumHealthyPercent: 100, MaximumPercent: 200,
		Breaker: scheduler.Breaker{Enable: true, Rollback: true, ResetOnHealthyTask: true, Type: types.ThresholdTypeBoundedPercent, Value: 50},
	}
	var left atomic.Pointer[Task]
	synctest.Test(t, func(t *testing.T) {
		d := &Scheduled{name: "web", Alarms: &Alarms{logs: func(context.Context) []string { return nil }}, left: &left}
		d.run(t.Context(), scheduler.New(figures, release("good"), scheduler.Drives{Runner: &fakeTasks{Stage: s}, Alarms: d.Alarms}))
		defer func() { _ = d.Stop() }()
		assert.NilError(t, d.WaitCompleted(t.Context()))
		do(t, d)
	})
}

func TestWaitRolledBack(t *testing.T) {
	play(t, func(t *testing.T, d *Scheduled) {
		before, tasks := d.Current().ID, d.IDs()
		bad := d.Deploy(release("bad"))
		assert.NilError(t, d.WaitRolledBack(t.Context(), bad, before, "tasks failed to start"))
		assert.DeepEqual(t, d.IDs(), tasks)
		assert.Equal(t, d.HealthyTasks(), 2)
		assert.Equal(t, d.Current().ID, before)
		err := d.WaitRolledBack(t.Context(), bad, before, "alarm detected")
		assert.ErrorContains(t, err, `"alarm detected" was due as the reason`)
	})
}

func TestReleaseThatIsNotRolledBack(t *testing.T) {
	play(t, func(t *testing.T, d *Scheduled) {
		before := d.Current().ID
		next := d.Deploy(release("next"))
		err := d.WaitRolledBack(t.Context(), next, before, "alarm detected")
		assert.ErrorContains(t, err, "web: deployment ecs-svc/2 is PRIMARY, COMPLETED")
		assert.ErrorContains(t, err, "FAILED was due")
		assert.NilError(t, d.WaitReplaced(t.Context(), before))
		assert.Check(t, !d.Said("rolling back"))
		d.Deploy(release("bad"))
		assert.ErrorContains(t, d.WaitCompleted(t.Context()), "COMPLETED was due")
	})
}

func TestLeave(t *testing.T) {
	for name, fault := range map[string]error{"stops": nil, "doesn't stop": errors.New("exit status 137")} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, d *Scheduled) {
				var retired []string
				d.retire = func(_ context.Context, task *Task) (string, error) {
					retired = append(retired, task.ID)
					return "", fault
				}
				tasks := d.IDs()
				err := d.Leave(t.Context())
				assert.Check(t, errors.Is(err, fault), "%v", err)
				assert.Check(t, cmp.Equal(d.left.Load().ID, tasks[0]))
				assert.DeepEqual(t, retired, tasks[1:])
				began := time.Now()
				time.Sleep(time.Minute)
				for _, e := range d.Events() {
					assert.Check(t, !e.At.After(began), e.Message)
				}
			})
		})
	}
}
