package simulation

import "slices"

const (
	// taskStart is from the request for a task to its first poll, and stopTimeout
	// is what a task has between SIGTERM and SIGKILL, in seconds.
	taskStart, stopTimeout = 45, 120
)

// Task is one of the worker's.
type Task struct {
	// Started and Stopped are when it was asked for and when it had ended.
	Started, Stopped int

	working []*attempt
	version int
	// termAt is when SIGTERM came; 0 is never.
	termAt int
}

type attempt struct {
	event *Event
	until int
}

// Service is ECS's of the worker. A task that works protects itself from
// scale-in and from deployments, which wait for it.
//
// Source: ECS Developer Guide, "Protect your Amazon ECS tasks from being
// terminated by scale-in events".
type Service struct {
	// Concurrency is how many exports a task works on at once.
	Concurrency int
	// Unprotected tasks are stopped whether they work or not.
	Unprotected bool
	// Running are the tasks that haven't ended; Ended those that have.
	Running, Ended []*Task
	// Interrupted counts tasks that were stopped while they worked, and GivenBack
	// the events that they returned.
	Interrupted, GivenBack int

	version, turn int
}

// Deploy begins to replace every task: as many again may run meanwhile, and never
// fewer than desired are ready.
func (s *Service) Deploy() { s.version++ }

// Deploying reports whether a task of an earlier version runs.
func (s *Service) Deploying() bool {
	return slices.ContainsFunc(s.Running, func(t *Task) bool { return t.version != s.version })
}

// Step moves to a time in seconds, with the desired number of tasks.
func (s *Service) Step(queue *Queue, desired, at int) {
	queue.Reveal(at)
	for _, t := range s.Running {
		s.finish(t, queue, at)
	}
	s.replace(desired, at)
	s.Running = slices.DeleteFunc(s.Running, func(t *Task) bool {
		if t.Stopped != 0 {
			s.Ended = append(s.Ended, t)
		}
		return t.Stopped != 0
	})
	s.receive(queue, at)
}

// finish ends attempts, and a stopping task that has none left or no time.
func (s *Service) finish(t *Task, queue *Queue, at int) {
	t.working = slices.DeleteFunc(t.working, func(a *attempt) bool {
		if a.until > at {
			return false
		}
		if a.event.PutOff > 0 && !a.event.tried {
			a.event.tried = true
			queue.Hide(a.event, at+a.event.PutOff)
			return true
		}
		a.event.Done = at
		queue.Delete(a.event)
		return true
	})
	if t.termAt == 0 {
		return
	}
	if at-t.termAt >= stopTimeout {
		for _, a := range t.working {
			queue.Hide(a.event, at)
			s.GivenBack++
		}
		t.working = nil
	}
	if len(t.working) == 0 {
		t.Stopped = at
	}
}

// replace starts and stops tasks towards the desired number of the newest version.
func (s *Service) replace(desired, at int) {
	staying := func(current bool) []*Task {
		var tasks []*Task
		for _, t := range s.Running {
			if t.termAt == 0 && t.Stopped == 0 && (t.version == s.version) == current {
				tasks = append(tasks, t)
			}
		}
		return tasks
	}
	old, current := staying(false), staying(true)
	for n := len(current); n < desired && n+len(old) < 2*desired; n++ {
		s.Running = append(s.Running, &Task{Started: at, version: s.version})
	}
	ready := 0
	for _, t := range append(slices.Clone(old), current...) {
		ready += int(truth(at-t.Started >= taskStart))
	}
	for _, t := range old {
		if ready > desired && s.stop(t, at) {
			ready--
		}
	}
	excess := len(current) - desired
	for _, t := range slices.Backward(current) {
		if excess > 0 && s.stop(t, at) {
			excess--
		}
	}
}

// stop ends a task, unless its work protects it.
func (s *Service) stop(t *Task, at int) bool {
	if len(t.working) == 0 {
		t.termAt, t.Stopped = at, at
		return true
	}
	if !s.Unprotected {
		return false
	}
	t.termAt = at
	s.Interrupted++
	return true
}

// receive lets the tasks poll in turn, so that work spreads over all of them.
func (s *Service) receive(queue *Queue, at int) {
	s.turn++
	for idle := 0; len(s.Running) > 0 && idle < len(s.Running); s.turn++ {
		t := s.Running[s.turn%len(s.Running)]
		idle++
		if at-t.Started < taskStart || t.termAt != 0 || len(t.working) >= s.Concurrency {
			continue
		}
		e := queue.Receive(at)
		if e == nil {
			return
		}
		idle = 0
		length := e.Export
		if e.PutOff > 0 && !e.tried {
			length = attemptThatFails
		}
		e.Begun = at
		t.working = append(t.working, &attempt{e, at + length})
	}
}
