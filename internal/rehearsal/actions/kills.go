package actions

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
)

const (
	killPause = 10 * time.Millisecond
	// killWorkers are at work; one of them is killed when half of killsBegin are
	// accepted, and the next a second after the last, or up to killEvery later.
	killWorkers = 2
	killsBegin  = 60
	killEvery   = 6 * time.Second
)

type kills struct {
	*stage.Stage
	events int
}

// Run kills workers at random while events come in.
func (a kills) Run(ctx context.Context) error {
	n := a.events
	check := fmt.Sprintf("%d events, workers killed at random", n)
	return a.Report.Check(check, func() (string, error) {
		workers := []*stage.Task{a.Worker.Load()}
		for len(workers) < killWorkers {
			if err := a.StartWorker(ctx); err != nil {
				return "", err
			}
			workers = append(workers, a.Worker.Load())
		}
		l := a.StartLoad(ctx, n, "etr_small", killPause)
		if err := testbed.Until(ctx, stage.SendTimeout, func() (bool, string) {
			count := l.Count(http.StatusOK)
			return count >= min(n, killsBegin)/2, fmt.Sprintf("%d responses of 200", count)
		}); err != nil {
			return "", err
		}
		killing, stop := context.WithCancel(ctx)
		ended := make(chan killed, 1)
		go func() { ended <- a.killAtRandom(killing, workers) }()
		sent, err := l.Wait()
		var waited error
		if err == nil {
			waited = a.WaitForPackages(ctx, sent)
		}
		stop()
		end := <-ended
		if err := errors.Join(err, end.err); err != nil {
			return "", err
		}
		fmt.Fprintf(a.Report, "%d workers killed", end.kills)
		detail, err := a.CountPackages(ctx, sent, waited)
		return detail, errors.Join(err, a.stopOthers(ctx, end.workers))
	})
}

// killed is what a time of killing left.
type killed struct {
	kills   int
	workers []*stage.Task
	err     error
}

// killAtRandom kills one worker at once and one after another, and starts one in
// its place, until its context ends.
func (a kills) killAtRandom(ctx context.Context, workers []*stage.Task) killed {
	k := killed{workers: workers}
	for {
		// What is begun is finished, so that every worker is known.
		whole := context.WithoutCancel(ctx)
		i := rand.IntN(len(k.workers))
		if k.err = a.EndTask(whole, k.workers[i], "KILL"); k.err != nil {
			return k
		}
		k.kills++
		if k.err = a.StartWorker(whole); k.err != nil {
			return k
		}
		k.workers[i] = a.Worker.Load()
		select {
		case <-ctx.Done():
			return k
		case <-time.After(time.Second + rand.N(killEvery)):
		}
	}
}

// stopOthers stops every worker but the last that was started.
func (a kills) stopOthers(ctx context.Context, workers []*stage.Task) error {
	var problems []error
	for _, worker := range workers {
		if worker != a.Worker.Load() {
			_, err := a.StopTask(ctx, worker)
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}
