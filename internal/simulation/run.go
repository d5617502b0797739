package simulation

import "slices"

const (
	// tick is the model's step, in seconds, and metricDelay how long a metric takes
	// to be seen by alarms.
	tick        = 5
	metricDelay = minute
	// eventsQueue and workerTarget are the beginnings of the logical IDs of the
	// queue of events and of what scales the worker.
	eventsQueue, workerTarget = "IntakeEvents", "WorkerService"
)

// Minute is what is seen of the run each minute.
type Minute struct {
	// Waiting can be received, Hidden are put off, and InWork is the rest.
	Waiting, Hidden, InWork int
	// Tasks are those that are paid for, Desired those that are asked for.
	Tasks, Desired int
	// States are the alarms', by name.
	States map[string]State
}

// Run is a day that was played.
type Run struct {
	Minutes []Minute
	Events  []*Event
	Service *Service
	// DeploymentEnd is when the last task of the earlier version had ended, in
	// seconds.
	DeploymentEnd int

	stack      Stack
	fewest     int
	deployedAt int
}

// Play plays a day with the template's queue, worker, scaling and alarms. The
// service's Concurrency must be set.
func Play(stack Stack, day Day, service *Service) (Run, error) {
	target, err := stack.Target(workerTarget)
	if err != nil {
		return Run{}, err
	}
	dimensions, err := stack.Queue(eventsQueue)
	if err != nil {
		return Run{}, err
	}
	run := Run{Events: day.Events, Service: service, stack: stack, fewest: target.Min, deployedAt: day.DeployAt}
	queue, metrics, scaler := &Queue{}, Metrics{}, NewScaler(stack, target)
	states := map[string]State{}
	coming := day.Events
	for at := 0; at <= dayLength; at += tick {
		for ; len(coming) > 0 && coming[0].At <= at; coming = coming[1:] {
			queue.Send(coming[0])
		}
		if at == day.DeployAt && at > 0 {
			service.Deploy()
		}
		service.Step(queue, scaler.Desired, at)
		if run.DeploymentEnd == 0 && day.DeployAt > 0 && at > day.DeployAt && !service.Deploying() {
			run.DeploymentEnd = at
		}
		if at%minute != 0 {
			continue
		}
		queue.Publish(metrics, dimensions, at)
		seen := at - metricDelay
		scaler.Deploying = service.Deploying()
		scaler.Step(metrics, seen)
		now := map[string]State{}
		for _, a := range stack.Alarms {
			now[a.Name], _ = a.Evaluate(metrics, seen, before(states, a.Name))
		}
		states = now
		run.Minutes = append(run.Minutes, look(queue, service, scaler, states))
	}
	return run, nil
}

func before(states map[string]State, name string) State {
	if state, known := states[name]; known {
		return state
	}
	return InsufficientData
}

func look(queue *Queue, service *Service, scaler *Scaler, states map[string]State) Minute {
	m := Minute{Waiting: len(queue.waiting), Tasks: len(service.Running), Desired: scaler.Desired, States: states}
	for _, t := range service.Running {
		m.InWork += len(t.working)
	}
	m.Hidden = len(queue.taken) - m.InWork
	return m
}

// LongestWait returns the seconds from an acknowledgement to the attempt that
// succeeded, the longest among the events that weren't put off; to the end of the
// day for those that weren't begun.
func (r Run) LongestWait() int {
	longest := 0
	for _, e := range r.Events {
		begun := e.Begun
		if begun == 0 {
			begun = dayLength
		}
		if e.PutOff == 0 {
			longest = max(longest, begun-e.At)
		}
	}
	return longest
}

// TaskHours returns what is paid for: from the request for a task to its end.
func (r Run) TaskHours() float64 {
	seconds := 0
	for _, t := range r.Service.Ended {
		seconds += t.Stopped - t.Started
	}
	for _, t := range r.Service.Running {
		seconds += dayLength - t.Started
	}
	return float64(seconds) / hour
}

// NeededHours returns the task-hours that the day's work needs: minute by minute
// as many full tasks as what is in work fills, and never less than the fewest
// tasks.
func (r Run) NeededHours() float64 {
	minutes := 0.0
	for _, m := range r.Minutes {
		minutes += max(float64(r.fewest), float64(m.InWork)/float64(r.Service.Concurrency))
	}
	return minutes * minute / hour
}

// Rang returns the minutes of the day in which an alarm rang.
func (r Run) Rang(alarm Alarm) []int {
	var minutes []int
	for i, m := range r.Minutes {
		if m.States[alarm.Name] == Ringing {
			minutes = append(minutes, i)
		}
	}
	return minutes
}

// watched returns the alarms that saw data in the day: those of the events.
func (r Run) watched() []Alarm {
	dimensions, _ := r.stack.Queue(eventsQueue)
	return slices.DeleteFunc(slices.Clone(r.stack.Alarms), func(a Alarm) bool {
		return !slices.ContainsFunc(a.Metrics(), func(m Metric) bool { return m.Dimensions == dimensions })
	})
}
