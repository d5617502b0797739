package stage

import (
	"context"
	"time"

	"benchlingwebhook/internal/testbed"
)

const (
	// exportTimeout bounds the time from an event to the start of its export.
	exportTimeout = time.Minute
	// EventsAtOnce is more than one worker works on at once.
	EventsAtOnce = 6
)

// shortWaits shortens the worker's waits, so that a takeover takes seconds; its five
// attempts still outlast an outage of a minute. Both services read the secret often,
// by whose change they go on.
var (
	shortReads = map[string]string{"SECRET_READ_SECONDS": "2"}
	shortWaits = map[string]string{"LEASE_SECONDS": "5", "RETRY_SECONDS": "2", "SECRET_READ_SECONDS": "2"}
)

// StartWeb starts a web task, and returns when the load balancer calls it healthy.
func (s *Stage) StartWeb(ctx context.Context) error {
	running, err := s.RunTask(ctx, s.Stack.WebTask, shortReads)
	if err == nil {
		err = s.register(ctx, running)
	}
	if err == nil {
		s.Web.Store(running)
	}
	return err
}

// StartWorker starts a worker task.
func (s *Stage) StartWorker(ctx context.Context) error {
	running, err := s.RunTask(ctx, s.Stack.WorkerTask, shortWaits)
	if err == nil {
		s.Worker.Store(running)
	}
	return err
}

// WhileExporting sends events, does something in the middle of their exports, and
// accounts for the events when the exports may end.
func (s *Stage) WhileExporting(ctx context.Context, do func() error) (string, error) {
	s.Benchling.API.HoldExports(true)
	defer s.Benchling.API.HoldExports(false)
	sent, err := s.SendEvents(ctx)
	if err != nil {
		return "", err
	}
	if err := s.WaitForExport(ctx, sent); err != nil {
		return "", err
	}
	if err := do(); err != nil {
		return "", err
	}
	s.Benchling.API.HoldExports(false)
	return s.Account(ctx, sent)
}

// EndTask sends a signal to a task's first container. A target is none when ECS notices.
func (s *Stage) EndTask(ctx context.Context, t *Task, signal string) error {
	s.Balancer.Stopping(t.address())
	s.deregister(t)
	_, err := s.Docker(ctx, "kill", "--signal", signal, t.Containers[0].Name)
	return err
}

// WaitForExport waits until the state of one of the exports was asked for.
func (s *Stage) WaitForExport(ctx context.Context, sent Accepted) error {
	return testbed.Until(ctx, exportTimeout, func() (bool, string) {
		for entry := range sent.Entries {
			if s.Benchling.API.Asked(entry) > 0 {
				return true, ""
			}
		}
		return false, "no export was started"
	})
}
