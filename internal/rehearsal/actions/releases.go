package actions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/benchling"
)

const (
	// releaseEvents come in while a release fails, a releasePause between two.
	releaseEvents = 90
	releasePause  = 500 * time.Millisecond
	// waitsFor is how long a deployment is seen to wait for a task that exports.
	waitsFor = 10 * time.Second
	// replacedWithin bounds the time until a release's task is healthy.
	replacedWithin = time.Minute
)

type releases struct{ *stage.Stage }

// Run deploys releases by the stand-in for ECS's scheduler, which has the tasks
// meanwhile: those that don't work are rolled back, and no event is lost.
func (a releases) Run(ctx context.Context) error {
	web, worker, err := a.schedule(ctx)
	defer func() { _ = errors.Join(web.Stop(), worker.Stop()) }()
	if err != nil {
		return a.Report.Check("both services deployed by ECS's scheduler", func() (string, error) { return "", err })
	}
	if err := a.Report.Run(ctx,
		report.Check{Name: "a release that never becomes healthy is rolled back, and nothing is lost", Run: a.Accounted(func(ctx context.Context) (stage.Accepted, error) {
			return a.neverHealthy(ctx, web)
		})},
		report.Check{Name: "a release whose worker fails every export is rolled back by its alarm", Run: a.Accounted(func(ctx context.Context) (stage.Accepted, error) {
			return a.failingExports(ctx, worker)
		})},
		report.Check{Name: "a deployment waits for a worker that exports", Run: func(ctx context.Context) (string, error) {
			return a.waitForExports(ctx, worker)
		}},
	); err != nil {
		return err
	}
	if err := errors.Join(web.Leave(ctx), worker.Leave(ctx)); err != nil {
		return a.Report.Check("tasks of both services stopped as they should", func() (string, error) { return "", err })
	}
	return nil
}

// schedule gives the tasks to the scheduler, and waits until the deployed release is one
// to go back to.
func (a releases) schedule(ctx context.Context) (web, worker *stage.Scheduled, err error) {
	web, err = a.ScheduleWeb(ctx)
	if err != nil {
		return web, &stage.Scheduled{}, err
	}
	worker, err = a.ScheduleWorker(ctx)
	if err != nil {
		return web, worker, err
	}
	err = errors.Join(web.WaitCompleted(ctx), worker.WaitCompleted(ctx))
	fmt.Fprintf(a.Report, "ECS's scheduler keeps %d web tasks and %d workers", len(web.IDs()), len(worker.IDs()))
	return web, worker, err
}

// neverHealthy deploys web tasks that listen elsewhere than they are asked, while events
// come in.
func (a releases) neverHealthy(ctx context.Context, web *stage.Scheduled) (stage.Accepted, error) {
	before, tasks := web.Current().ID, web.IDs()
	began := time.Now()
	l := a.StartLoad(ctx, releaseEvents, benchling.SmallPrefix, releasePause)
	waited := web.WaitRolledBack(ctx, web.Deploy(listeningElsewhere(a.Stack.WebTask)), before, "tasks failed to start")
	took := time.Since(began)
	sent, err := l.Wait()
	if err := errors.Join(waited, err); err != nil {
		return stage.Accepted{}, err
	}
	fmt.Fprintf(a.Report, "rolled back after %.0f s; responses %s", took.Seconds(), sent.Responses())
	if after := web.IDs(); !slices.Equal(after, tasks) {
		return stage.Accepted{}, fmt.Errorf("web tasks %s run after the rollback, not %s as before: see MinHealthyPercent in constructs/service.go", strings.Join(after, ", "), strings.Join(tasks, ", "))
	}
	return sent, sent.Only200()
}

// failingExports deploys a worker that is healthy and can't export, and sends events once
// it is alone: until the rollback, no attempt at them succeeds.
func (a releases) failingExports(ctx context.Context, worker *stage.Scheduled) (stage.Accepted, error) {
	before := worker.Current().ID
	release := worker.Deploy(failingEveryExport(a.Stack.WorkerTask))
	if err := worker.WaitReplaced(ctx, before); err != nil {
		return stage.Accepted{}, err
	}
	worker.Alarms.Forget()
	began := time.Now()
	sent, err := a.SendEvents(ctx)
	if err != nil {
		return stage.Accepted{}, err
	}
	if err := worker.WaitRolledBack(ctx, release, before, "alarm detected"); err != nil {
		return stage.Accepted{}, err
	}
	fmt.Fprintf(a.Report, "rolled back %.0f s after the first events", time.Since(began).Seconds())
	return sent, nil
}

// waitForExports deploys a worker while the one that runs exports: it may stay until its
// exports and its protection have ended.
func (a releases) waitForExports(ctx context.Context, worker *stage.Scheduled) (string, error) {
	before, tasks := worker.Current().ID, worker.IDs()
	counts, err := a.WhileExporting(ctx, func() error {
		worker.Deploy(anotherRelease(a.Stack.WorkerTask, "next"))
		if err := testbed.Until(ctx, replacedWithin, func() (bool, string) {
			n := worker.HealthyTasks()
			return n > len(tasks), fmt.Sprintf("%d healthy workers beside %d that export", n-len(tasks), len(tasks))
		}); err != nil {
			return err
		}
		return a.staysFor(ctx, worker, before, tasks)
	})
	if err != nil {
		return "", err
	}
	began := time.Now()
	if err := testbed.Until(ctx, idleTimeout, func() (bool, string) {
		return !slices.ContainsFunc(tasks, a.Agent.Protected), "workers without exports are still protected"
	}); err != nil {
		return "", err
	}
	if err := worker.WaitReplaced(ctx, before); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s; the old worker was gone %.0f s after its exports", counts, time.Since(began).Seconds()), nil
}

// staysFor looks for a time that the tasks of a deployment run on, which are protected.
func (a releases) staysFor(ctx context.Context, worker *stage.Scheduled, deployment string, tasks []string) error {
	for until := time.Now().Add(waitsFor); time.Now().Before(until) && ctx.Err() == nil; time.Sleep(probeEvery) {
		for _, id := range tasks {
			if !a.Agent.Protected(id) {
				return fmt.Errorf("worker %s exports and isn't protected: see docker/src/queues/task_protection.py", id)
			}
			if !slices.Contains(worker.IDs(), id) {
				return fmt.Errorf("worker %s was stopped while it exports: see internal/testbed/scheduler", id)
			}
		}
	}
	if !worker.Said("(taskSet " + deployment + ") was unable to scale in") {
		return errors.New("no event of the service says that a deployment waits for protected tasks")
	}
	return ctx.Err()
}
