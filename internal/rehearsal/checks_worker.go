package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// exportTimeout bounds the time from an event to the start of its export.
	exportTimeout = time.Minute
	// idleTimeout bounds the time from the last export to the end of protection.
	idleTimeout = 45 * time.Second
	// eventsAtOnce is more than one worker works on at once.
	eventsAtOnce = 6
	// timedEvents are sent, a timedPause between two, to see how long each takes.
	timedEvents = 40
	timedPause  = 250 * time.Millisecond
)

// quickly shortens the worker's waits, so that a takeover takes seconds; its five
// attempts still outlast a brown-out of a minute.
var quickly = map[string]string{"LEASE_SECONDS": "5", "RETRY_SECONDS": "2"}

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
	if err := r.rows.Check("events become packages, and Quilt confirms", func() (string, error) {
		sent, err := r.startLoad(ctx, timedEvents, "etr_", timedPause).wait()
		if err != nil {
			return "", err
		}
		counts, err := r.account(ctx, sent)
		if err != nil {
			return "", err
		}
		times, err := r.latencies(ctx, sent)
		return counts + "; " + times, err
	}); err != nil {
		return err
	}
	if err := r.rows.Check("worker: protected while it exports, and not when idle; its probe comes in", func() (string, error) {
		return r.seeProtection(ctx)
	}); err != nil {
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

// whileExporting sends events, does something in the middle of their exports, and
// accounts for the events when the exports may end.
func (r *rehearsal) whileExporting(ctx context.Context, do func() error) (string, error) {
	r.benchling.Notebook.HoldExports(true)
	defer r.benchling.Notebook.HoldExports(false)
	sent, err := r.sendEvents(ctx)
	if err != nil {
		return "", err
	}
	if err := r.waitForExport(ctx, sent); err != nil {
		return "", err
	}
	if err := do(); err != nil {
		return "", err
	}
	r.benchling.Notebook.HoldExports(false)
	return r.account(ctx, sent)
}

// seeProtection looks whether the worker has ECS keep it while it exports, and
// whether its signed calls come in by the front door.
func (r *rehearsal) seeProtection(ctx context.Context) (string, error) {
	name := r.worker.Load().name
	counts, err := r.whileExporting(ctx, func() error {
		if !r.agent.Protected(name) {
			return errors.New("the worker exports and isn't protected")
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	began := time.Now()
	if err := until(ctx, idleTimeout, func() (bool, string) { return !r.agent.Protected(name), "still protected" }); err != nil {
		return "", err
	}
	if faults := r.agent.Faults(); len(faults) > 0 {
		return "", fmt.Errorf("ECS would refuse %s", faults[0])
	}
	if r.door.Passed() == 0 || r.door.Refused() > 0 {
		return "", fmt.Errorf("%d probes came in, %d were refused", r.door.Passed(), r.door.Refused())
	}
	return fmt.Sprintf("%s; protection ended %.0f s after; probes: %d", counts, time.Since(began).Seconds(), r.door.Passed()), nil
}

// endTask sends a signal to a task's first container.
func (r *rehearsal) endTask(ctx context.Context, t *runningTask, signal string) error {
	_, err := r.docker(ctx, "kill", "--signal", signal, t.containers[0].Name)
	return err
}

// loseWorker ends the worker in the middle of its exports and starts another.
func (r *rehearsal) loseWorker(ctx context.Context, signal string) (string, error) {
	return r.whileExporting(ctx, func() error {
		if err := r.endTask(ctx, r.worker.Load(), signal); err != nil {
			return err
		}
		return r.startWorker(ctx)
	})
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

// latencies tells how long it took from the events that were sent to their
// packages, and to Quilt's confirmation as the worker records it.
func (r *rehearsal) latencies(ctx context.Context, sent accepted) (string, error) {
	var packaged, confirmed []time.Duration
	for entry, at := range sent.at {
		if revisions := r.packager.Revisions(packageName(entry)); len(revisions) > 0 {
			packaged = append(packaged, revisions[0].Received.Sub(at))
		}
	}
	if err := until(ctx, confirmTimeout, func() (bool, string) {
		confirmed = r.confirmations(ctx, sent)
		return len(confirmed) == len(sent.entries), fmt.Sprintf("%d of %d packages confirmed", len(confirmed), len(sent.entries))
	}); err != nil {
		return "", err
	}
	slices.Sort(packaged)
	slices.Sort(confirmed)
	return "event to package " + percentiles(packaged) + "; to Quilt's confirmation " + percentiles(confirmed), nil
}

// confirmations returns the times that the worker's metric has of the events'
// entries.
func (r *rehearsal) confirmations(ctx context.Context, sent accepted) []time.Duration {
	var found []time.Duration
	for line := range strings.Lines(r.logs(ctx, r.worker.Load())) {
		var metric struct {
			Entry   string   `json:"entry_id"`
			Seconds *float64 `json:"PackageConfirmedSeconds"`
		}
		if json.Unmarshal([]byte(line), &metric) == nil && metric.Seconds != nil && sent.entries[metric.Entry] != "" {
			found = append(found, time.Duration(*metric.Seconds*float64(time.Second)))
		}
	}
	return found
}
