package main

import (
	"context"
	"errors"
	"time"
)

const (
	// exportTimeout bounds the time from an event to the start of its export.
	exportTimeout = time.Minute
	// eventsAtOnce is more than one worker works on at once.
	eventsAtOnce = 6
)

// quickly shortens the worker's waits, so that a takeover takes seconds.
var quickly = map[string]string{"LEASE_SECONDS": "5", "RETRY_SECONDS": "1"}

// runWorker runs both services, sends events and ends workers; every accepted
// event must become exactly one package.
func (r *rehearsal) runWorker(ctx context.Context) error {
	if err := r.rows.Check("worker: healthy beside the web service", func() (string, error) {
		if err := errors.Join(r.startWeb(ctx), r.startWorker(ctx)); err != nil {
			return "", err
		}
		return "the engine's health check passes", r.waitHealthy(ctx, r.worker.Load())
	}); err != nil {
		return err
	}
	if err := r.rows.Check("events become packages", func() (string, error) {
		sent, err := r.sendEvents(ctx)
		if err != nil {
			return "", err
		}
		return r.account(ctx, sent)
	}); err != nil {
		return err
	}
	if err := r.rows.Check("canvas: pressed, answered, drawn", func() (string, error) { return r.pressButton(ctx) }); err != nil {
		return err
	}
	for _, end := range []struct{ check, signal string }{
		{"worker killed while it exports (SIGKILL)", "KILL"},
		{"worker stopped while it exports (SIGTERM)", "TERM"},
	} {
		if err := r.rows.Check(end.check, func() (string, error) { return r.loseWorker(ctx, end.signal) }); err != nil {
			return err
		}
	}
	return nil
}

// startWeb starts a web task, to which events go from now on.
func (r *rehearsal) startWeb(ctx context.Context) error {
	running, err := r.runTask(ctx, r.deployed.task, nil)
	if err == nil {
		r.web.Store(running)
	}
	return err
}

// startWorker starts a worker task.
func (r *rehearsal) startWorker(ctx context.Context) error {
	running, err := r.runTask(ctx, r.deployed.workerTask, quickly)
	if err == nil {
		r.worker.Store(running)
	}
	return err
}

// endTask sends a signal to a task's first container.
func (r *rehearsal) endTask(ctx context.Context, t *runningTask, signal string) error {
	_, err := r.docker(ctx, "kill", "--signal", signal, t.containers[0].Name)
	return err
}

// loseWorker ends the worker in the middle of its exports and starts another.
func (r *rehearsal) loseWorker(ctx context.Context, signal string) (string, error) {
	r.benchling.Notebook.HoldExports(true)
	defer r.benchling.Notebook.HoldExports(false)
	sent, err := r.sendEvents(ctx)
	if err != nil {
		return "", err
	}
	if err := r.waitForExport(ctx, sent); err != nil {
		return "", err
	}
	if err := r.endTask(ctx, r.worker.Load(), signal); err != nil {
		return "", err
	}
	if err := r.startWorker(ctx); err != nil {
		return "", err
	}
	r.benchling.Notebook.HoldExports(false)
	return r.account(ctx, sent)
}

// waitForExport waits until the state of one of the exports was asked for.
func (r *rehearsal) waitForExport(ctx context.Context, sent accepted) error {
	return until(ctx, exportTimeout, func() (bool, string) {
		for entry := range sent.entries {
			if r.benchling.Notebook.Asked(entry) > 0 {
				return true, ""
			}
		}
		return false, "no export was started"
	})
}
