package actions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/benchling"
)

const (
	// idleTimeout bounds the time from the last export to the end of protection.
	idleTimeout = 45 * time.Second
	// timedEvents are sent, a timedPause between two, to see how long each takes.
	timedEvents = 40
	timedPause  = 250 * time.Millisecond
)

type services struct{ *stage.Stage }

// Run starts both services, with a secret that is filled in.
func (a services) Run(ctx context.Context) error {
	if err := a.Report.Check("worker: healthy beside the web service", func() (string, error) {
		if a.App.Definition == "" {
			a.App.Definition = benchling.NewDefinition()
			if err := a.FillSecret(ctx); err != nil {
				return "", err
			}
		}
		if err := errors.Join(a.StartWeb(ctx), a.StartWorker(ctx)); err != nil {
			return "", err
		}
		return "the engine's health check passes", a.WaitHealthy(ctx, a.Worker.Load())
	}); err != nil {
		return err
	}
	checkHardening(ctx, a.Stage, service{"worker", a.Stack.WorkerTask, a.Worker.Load()})
	return nil
}

type worker struct{ *stage.Stage }

// Run sends events and ends workers; every accepted event must become exactly one
// package.
func (a worker) Run(ctx context.Context) error {
	return a.Report.Run(ctx,
		report.Check{Name: "events become packages, and Quilt confirms", Run: a.makePackages},
		report.Check{Name: "worker: protected while it exports, and not when idle; its probe comes in", Run: a.seeProtection},
		report.Check{Name: "worker killed while it exports (SIGKILL)", Run: a.lose("KILL")},
		report.Check{Name: "worker stopped while it exports (SIGTERM)", Run: a.lose("TERM")},
		report.Check{Name: "worker stopped while an export doesn't end (SIGTERM)", Run: a.giveBack},
	)
}

// giveBack stops a worker that hasn't long, whose export ends only after it: another
// worker must have the event at once.
func (a worker) giveBack(ctx context.Context) (string, error) {
	hurried, err := a.RunTask(ctx, a.Stack.WorkerTask, map[string]string{"LEASE_SECONDS": "60", "RETRY_SECONDS": "2", "STOP_TIMEOUT_SECONDS": "12"})
	if err != nil {
		return "", err
	}
	if _, err := a.StopTask(ctx, a.Worker.Swap(hurried)); err != nil {
		return "", err
	}
	return a.WhileExporting(ctx, func() error {
		if _, err := a.StopTask(ctx, hurried); err != nil {
			return err
		}
		return a.StartWorker(ctx)
	})
}

// makePackages sends events and tells how long each took.
func (a worker) makePackages(ctx context.Context) (string, error) {
	sent, err := a.StartLoad(ctx, timedEvents, "etr_", timedPause).Wait()
	if err != nil {
		return "", err
	}
	counts, err := a.Account(ctx, sent)
	if err != nil {
		return "", err
	}
	times, err := a.latencies(ctx, sent)
	return counts + "; " + times, err
}

// seeProtection looks whether the worker has ECS keep it while it exports, and
// whether its signed calls come in by the front door.
func (a worker) seeProtection(ctx context.Context) (string, error) {
	name := a.Worker.Load().ID
	counts, err := a.WhileExporting(ctx, func() error {
		if !a.Agent.Protected(name) {
			return errors.New("the worker exports and isn't protected")
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	began := time.Now()
	if err := testbed.Until(ctx, idleTimeout, func() (bool, string) { return !a.Agent.Protected(name), "still protected" }); err != nil {
		return "", err
	}
	if faults := a.Agent.Faults(); len(faults) > 0 {
		return "", fmt.Errorf("ECS would refuse %s", faults[0])
	}
	probes, refused := a.Door.Passed()["GET "+a.Contract.HealthCheck.Path], a.Door.Own()[http.StatusForbidden]
	if probes == 0 || refused > 0 {
		return "", fmt.Errorf("%d probes came in, %d were refused", probes, refused)
	}
	return fmt.Sprintf("%s; protection ended %.0f s after; probes: %d", counts, time.Since(began).Seconds(), probes), nil
}

// lose ends the worker in the middle of its exports and starts another.
func (a worker) lose(signal string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		return a.WhileExporting(ctx, func() error {
			if err := a.EndTask(ctx, a.Worker.Load(), signal); err != nil {
				return err
			}
			return a.StartWorker(ctx)
		})
	}
}

// latencies tells how long it took from the events that were sent to their
// packages, and to Quilt's confirmation as the worker records it.
func (a worker) latencies(ctx context.Context, sent stage.Accepted) (string, error) {
	var packaged, confirmed []time.Duration
	for entry, at := range sent.At {
		if revisions := a.Packager.Revisions(stage.PackageName(entry)); len(revisions) > 0 {
			packaged = append(packaged, revisions[0].Received.Sub(at))
		}
	}
	if err := testbed.Until(ctx, confirmTimeout, func() (bool, string) {
		var err error
		confirmed, err = a.confirmations(ctx, sent)
		return len(confirmed) == len(sent.Entries), fmt.Sprintf("%d of %d packages confirmed, %v", len(confirmed), len(sent.Entries), err)
	}); err != nil {
		return "", err
	}
	slices.Sort(packaged)
	slices.Sort(confirmed)
	return "event to package " + percentiles(packaged) + "; to Quilt's confirmation " + percentiles(confirmed), nil
}

// confirmations returns the times that the worker's metric has of the events'
// entries.
func (a worker) confirmations(ctx context.Context, sent stage.Accepted) ([]time.Duration, error) {
	log, err := a.Logs(ctx, a.Worker.Load())
	if err != nil {
		return nil, err
	}
	var found []time.Duration
	for line := range strings.Lines(log) {
		var metric struct {
			Entry   string   `json:"entry_id"`
			Seconds *float64 `json:"PackageConfirmedSeconds"`
		}
		if json.Unmarshal([]byte(line), &metric) == nil && metric.Seconds != nil && sent.Entries[metric.Entry] != "" {
			found = append(found, time.Duration(*metric.Seconds*float64(time.Second)))
		}
	}
	return found, nil
}
