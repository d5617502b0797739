package stage

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"benchlingwebhook/internal/simulation"
)

// evaluateEvery is the time between two evaluations of the alarms.
const evaluateEvery = 2 * time.Second

// Alarms are those that a service names, evaluated over what its tasks log: metrics of
// AWS's own services are missing. CloudWatch evaluates them each minute.
type Alarms struct {
	all  []simulation.Alarm
	logs func(context.Context) []string

	lock sync.Mutex
	// since is when the metrics begin that count.
	since   time.Time
	ringing []string
	// err is why they couldn't be evaluated last.
	err error
}

// newAlarms returns the named alarms of a template. They don't ring.
func newAlarms(template []byte, names []string, logs func(context.Context) []string) (*Alarms, error) {
	stack, err := simulation.Read(template)
	if err != nil {
		return nil, err
	}
	a := &Alarms{logs: logs, since: time.Now()}
	for _, name := range names {
		i := slices.IndexFunc(stack.Alarms, func(alarm simulation.Alarm) bool { return alarm.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("alarm %s isn't of the template: let a deployment watch the stack's own", name)
		}
		a.all = append(a.all, stack.Alarms[i])
	}
	return a, nil
}

// Forget leaves out the metrics until now, as if the alarms' windows had passed.
func (a *Alarms) Forget() {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.since, a.ringing = time.Now(), nil
}

// InAlarm says whether one of the named alarms rang at the last evaluation.
func (a *Alarms) InAlarm(names []string) bool {
	a.lock.Lock()
	defer a.lock.Unlock()
	return slices.ContainsFunc(a.ringing, func(name string) bool { return slices.Contains(names, name) })
}

// watch evaluates the alarms until its context ends.
func (a *Alarms) watch(ctx context.Context) {
	every := time.NewTicker(evaluateEvery)
	defer every.Stop()
	for ctx.Err() == nil {
		a.evaluate(ctx)
		select {
		case <-every.C:
		case <-ctx.Done():
		}
	}
}

// evaluate looks which alarms ring by what is logged until now.
func (a *Alarms) evaluate(ctx context.Context) {
	a.lock.Lock()
	since := a.since
	a.lock.Unlock()
	metrics, err := simulation.Embedded(since, a.logs(ctx)...)
	var ringing []string
	for _, alarm := range a.all {
		state, _ := alarm.Evaluate(metrics, int(time.Since(since).Seconds()), simulation.OK)
		if state == simulation.Ringing {
			ringing = append(ringing, alarm.Name)
		}
	}
	a.lock.Lock()
	defer a.lock.Unlock()
	if ctx.Err() == nil && a.since.Equal(since) {
		a.ringing, a.err = ringing, err
	}
}
