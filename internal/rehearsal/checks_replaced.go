package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"time"
)

const (
	// loadEvents come in while both services are replaced, a loadPause between two.
	loadEvents = 60
	loadPause  = 50 * time.Millisecond

	// killEvents come in while workers are killed, unless EVENTS says how many.
	killEvents   = 60
	killEventsIn = "EVENTS"
	killPause    = 10 * time.Millisecond
	// killWorkers are at work; one of them is killed when half of killEvents are
	// accepted, and the next a second after the last, or up to killEvery later.
	killWorkers = 2
	killEvery   = 6 * time.Second
)

// emptySecret replaces the tasks while the secret is empty, and again when it is
// filled: what comes in between is refused, and sent again.
func (r *rehearsal) emptySecret(ctx context.Context) (accepted, error) {
	if err := errors.Join(r.putSecret(ctx, "{}"), r.replaceBoth(ctx)); err != nil {
		return accepted{}, err
	}
	l := r.startLoad(ctx, eventsAtOnce, "etr_", 0)
	if err := until(ctx, faultTimeout, func() (bool, string) {
		n := l.count(http.StatusServiceUnavailable)
		return n >= eventsAtOnce, fmt.Sprintf("%d answers of 503", n)
	}); err != nil {
		return accepted{}, err
	}
	if err := errors.Join(r.fillSecret(ctx), r.replaceBoth(ctx)); err != nil {
		return accepted{}, err
	}
	return l.wait()
}

// replaceServices replaces both services as a rolling deployment does, while
// events come in: no request may fail.
func (r *rehearsal) replaceServices(ctx context.Context) (accepted, error) {
	l := r.startLoad(ctx, loadEvents, "etr_", loadPause)
	if err := r.replaceBoth(ctx); err != nil {
		return accepted{}, err
	}
	sent, err := l.wait()
	if err == nil && sent.again > 0 {
		err = fmt.Errorf("/event: answers %s: only 200 was due", sent.seen())
	}
	return sent, err
}

// replaceBoth starts a new task of each service, and stops the old one when the
// new one answers.
func (r *rehearsal) replaceBoth(ctx context.Context) error {
	web, worker := r.web.Load(), r.worker.Load()
	if err := r.startWeb(ctx); err != nil {
		return err
	}
	if _, err := r.stopTask(ctx, web); err != nil {
		return err
	}
	if err := r.startWorker(ctx); err != nil {
		return err
	}
	_, err := r.stopTask(ctx, worker)
	return err
}

// runKills kills workers at random while events come in.
func (r *rehearsal) runKills(ctx context.Context) error {
	n, err := eventsToSend()
	check := fmt.Sprintf("%d events, workers killed at random", n)
	return r.rows.Check(check, func() (string, error) {
		if err != nil {
			return "", err
		}
		workers := []*runningTask{r.worker.Load()}
		for len(workers) < killWorkers {
			if err := r.startWorker(ctx); err != nil {
				return "", err
			}
			workers = append(workers, r.worker.Load())
		}
		l := r.startLoad(ctx, n, "etr_small", killPause)
		if err := until(ctx, sendTimeout, func() (bool, string) {
			count := l.count(http.StatusOK)
			return count >= min(n, killEvents)/2, fmt.Sprintf("%d answers of 200", count)
		}); err != nil {
			return "", err
		}
		killing, stop := context.WithCancel(ctx)
		ended := make(chan killed, 1)
		go func() { ended <- r.killAtRandom(killing, workers) }()
		sent, err := l.wait()
		var waited error
		if err == nil {
			waited = r.waitForPackages(ctx, sent)
		}
		stop()
		end := <-ended
		if err := errors.Join(err, end.err); err != nil {
			return "", err
		}
		fmt.Fprintf(r.rows, "%d workers killed", end.kills)
		detail, err := r.countPackages(ctx, sent, waited)
		return detail, errors.Join(err, r.stopOthers(ctx, end.workers))
	})
}

// killed is what a time of killing left.
type killed struct {
	kills   int
	workers []*runningTask
	err     error
}

// killAtRandom kills one worker at once and one after another, and starts one in
// its place, until its context ends.
func (r *rehearsal) killAtRandom(ctx context.Context, workers []*runningTask) killed {
	k := killed{workers: workers}
	for {
		// What is begun is finished, so that every worker is known.
		whole := context.WithoutCancel(ctx)
		i := rand.IntN(len(k.workers))
		if k.err = r.endTask(whole, k.workers[i], "KILL"); k.err != nil {
			return k
		}
		k.kills++
		if k.err = r.startWorker(whole); k.err != nil {
			return k
		}
		k.workers[i] = r.worker.Load()
		select {
		case <-ctx.Done():
			return k
		case <-time.After(time.Second + rand.N(killEvery)):
		}
	}
}

// stopOthers stops every worker but the last that was started.
func (r *rehearsal) stopOthers(ctx context.Context, workers []*runningTask) error {
	var problems []error
	for _, worker := range workers {
		if worker != r.worker.Load() {
			_, err := r.stopTask(ctx, worker)
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// runEnd stops what runs, and looks at all rows together.
func (r *rehearsal) runEnd(ctx context.Context) error {
	return errors.Join(
		r.rows.Check("no package told of twice, in all rows together", func() (string, error) { return r.accountForAll() }),
		r.rows.Check("every version that a packaging message pointed at is there", func() (string, error) { return r.checkPinned(ctx) }),
		r.rows.Check("Benchling's API description agrees with every call and response", r.checkCalls),
		r.rows.Check("logs follow events, and hold no secret", func() (string, error) { return r.checkLogs(ctx) }),
		r.rows.Check("web: SIGTERM", func() (string, error) { return r.stopTask(ctx, r.web.Load()) }),
		r.rows.Check("worker: SIGTERM", func() (string, error) { return r.stopTask(ctx, r.worker.Load()) }),
	)
}

// eventsToSend returns the number that EVENTS gives, or killEvents.
func eventsToSend() (int, error) {
	text := os.Getenv(killEventsIn)
	if text == "" {
		return killEvents, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 100_000 {
		return 0, fmt.Errorf("%s: %q: not a whole number from 1 to 100000: set one", killEventsIn, text)
	}
	return n, nil
}
