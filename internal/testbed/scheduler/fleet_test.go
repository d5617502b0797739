package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// behaviour is what the tasks of a definition do; times are from their start.
type behaviour struct {
	// healthyAfter is when checks pass, 0 for never. They fail after failsAfter until
	// then, which is 0 for a start period that lasts.
	healthyAfter, failsAfter time.Duration
	// exitsAfter is when they end by themselves, 0 for never.
	exitsAfter time.Duration
	// neverRuns fails their start.
	neverRuns bool
	// stopFails fails their stop, once they have ended.
	stopFails bool
	// stopTakes is the time from SIGTERM to the end, drainTakes that of their target.
	stopTakes, drainTakes time.Duration
}

// fleet is a Runner, Targets and Alarms whose tasks live in a test's fake time.
type fleet struct {
	lock       sync.Mutex
	behaviours map[string]behaviour
	members    []*member
	starts     []time.Time
	alarm      bool
}

// member is a task of the fleet, whose lock guards its facts and its behaviour.
type member struct {
	facts
	fleet          *fleet
	id, definition string
	of             behaviour
	born           time.Time
	exited         chan struct{}
}

// facts are what happened to a task.
type facts struct {
	registered, ended bool
	// deregistered and told are when its target was, and when it was told to stop; zero
	// is never.
	deregistered, told time.Time
	protectedUntil     time.Time
}

// left says whether nobody began to stop the task, and it hasn't ended.
func (f facts) left() bool { return !f.ended && f.told.IsZero() && f.deregistered.IsZero() }

// startTakes is the time from the request to RUNNING.
const startTakes = 20 * time.Second

func (f *fleet) Start(ctx context.Context, definition types.TaskDefinition) (Task, error) {
	f.lock.Lock()
	name := aws.ToString(definition.TaskDefinitionArn)
	of := f.behaviours[name]
	f.starts = append(f.starts, time.Now())
	f.lock.Unlock()
	select {
	case <-time.After(startTakes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if of.neverRuns {
		return nil, errors.New("CannotPullContainerError")
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	m := &member{fleet: f, definition: name, of: of, born: time.Now(), exited: make(chan struct{})}
	m.id = fmt.Sprintf("%s-%d", name, len(f.members)+1)
	f.members = append(f.members, m)
	if of.exitsAfter > 0 {
		time.AfterFunc(of.exitsAfter, m.exit)
	}
	return m, nil
}

func (f *fleet) Register(t Task) {
	f.lock.Lock()
	defer f.lock.Unlock()
	t.(*member).registered = true
}

func (f *fleet) Deregister(t Task) <-chan struct{} {
	f.lock.Lock()
	defer f.lock.Unlock()
	m := t.(*member)
	m.registered, m.deregistered = false, time.Now()
	unused := make(chan struct{})
	time.AfterFunc(m.of.drainTakes, func() { close(unused) })
	return unused
}

func (f *fleet) InAlarm([]string) bool {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.alarm
}

func (f *fleet) ring(alarm bool) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.alarm = alarm
}

// change has tasks that are asked for from now on do otherwise.
func (f *fleet) change(definition string, to behaviour) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.behaviours[definition] = to
}

// attempts returns when tasks were asked for.
func (f *fleet) attempts() []time.Time {
	f.lock.Lock()
	defer f.lock.Unlock()
	return slices.Clone(f.starts)
}

func (m *member) ID() string { return m.id }

// now returns what happened to the task until now.
func (m *member) now() facts {
	m.fleet.lock.Lock()
	defer m.fleet.lock.Unlock()
	return m.facts
}

// sicken has the task's checks fail from now on.
func (m *member) sicken() {
	m.fleet.lock.Lock()
	defer m.fleet.lock.Unlock()
	m.of.healthyAfter, m.of.failsAfter = 0, time.Nanosecond
}

// passes says whether the checks pass; both checks do at once.
func (m *member) passes() bool {
	return m.of.healthyAfter > 0 && time.Since(m.born) >= m.of.healthyAfter
}

func (m *member) Health() types.HealthStatus {
	m.fleet.lock.Lock()
	defer m.fleet.lock.Unlock()
	switch {
	case m.passes():
		return types.HealthStatusHealthy
	case m.of.failsAfter > 0 && time.Since(m.born) >= m.of.failsAfter:
		return types.HealthStatusUnhealthy
	}
	return types.HealthStatusUnknown
}

func (m *member) TargetHealth() elb.TargetHealthStateEnum {
	return map[types.HealthStatus]elb.TargetHealthStateEnum{
		types.HealthStatusHealthy:   elb.TargetHealthStateEnumHealthy,
		types.HealthStatusUnhealthy: elb.TargetHealthStateEnumUnhealthy,
		types.HealthStatusUnknown:   elb.TargetHealthStateEnumInitial,
	}[m.Health()]
}

func (m *member) Protected() bool {
	m.fleet.lock.Lock()
	defer m.fleet.lock.Unlock()
	return time.Now().Before(m.protectedUntil)
}

func (m *member) Exited() <-chan struct{} { return m.exited }

func (m *member) Stop(ctx context.Context) error {
	m.fleet.lock.Lock()
	m.told = time.Now()
	m.fleet.lock.Unlock()
	select {
	case <-time.After(m.of.stopTakes):
	case <-ctx.Done():
		return ctx.Err()
	}
	m.exit()
	if m.of.stopFails {
		return errors.New("no engine")
	}
	return nil
}

// exit ends the task, as by SIGKILL.
func (m *member) exit() {
	m.fleet.lock.Lock()
	defer m.fleet.lock.Unlock()
	if !m.ended {
		m.ended = true
		close(m.exited)
	}
}

// protect protects the task for a time.
func (m *member) protect(lasts time.Duration) {
	m.fleet.lock.Lock()
	defer m.fleet.lock.Unlock()
	m.protectedUntil = time.Now().Add(lasts)
}

// serving returns how many tasks are left that pass their checks, and running how many
// are left.
func (f *fleet) serving() int { return f.count((*member).passes) }

func (f *fleet) running() int { return f.count(func(*member) bool { return true }) }

func (f *fleet) count(holds func(*member) bool) int {
	f.lock.Lock()
	defer f.lock.Unlock()
	n := 0
	for _, m := range f.members {
		if m.left() && holds(m) {
			n++
		}
	}
	return n
}

// definition returns a task definition of a name, with a health check.
func definition(name string) types.TaskDefinition {
	return types.TaskDefinition{TaskDefinitionArn: &name, ContainerDefinitions: []types.ContainerDefinition{
		{HealthCheck: &types.HealthCheck{Command: []string{"CMD", "check"}}},
	}}
}
