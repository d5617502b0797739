package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/proxy"
)

const (
	// brownOut is how long a dependency is away.
	brownOut = time.Minute
	// faultTimeout bounds the time until a fault strikes.
	faultTimeout = 30 * time.Second
	// apiFaults is how many calls of the API meet a fault.
	apiFaults = 4
	// benchlingWaits is how long Benchling waits for an answer.
	benchlingWaits = 3 * time.Second
	// apiPath is where the worker's calls go.
	apiPath = "/api/"
)

// fault is a row: what goes wrong, and what was accepted meanwhile. When it
// returns, the fault is over.
type fault struct {
	check  string
	strike func(context.Context) (accepted, error)
}

// runFaults lets one thing after another fail; every accepted event must become
// exactly one package.
func (r *rehearsal) runFaults(ctx context.Context) error {
	poison, err := r.sendPoison(ctx)
	if err != nil {
		return r.rows.Check("poison event", func() (string, error) { return "", err })
	}
	for _, f := range []fault{
		{"web task killed while it accepts (SIGKILL)", r.killWeb},
		{"queue refuses writes", r.refuseQueue},
		{"S3 refuses writes", r.refuseStore},
		{"Benchling answers 429 with Retry-After", r.apiFault(benchling.Fault{Status: http.StatusTooManyRequests, RetryAfter: 2 * time.Second})},
		{"Benchling answers 502", r.apiFault(benchling.Fault{Status: http.StatusBadGateway})},
		{"Benchling is slow", r.apiFault(benchling.Fault{Delay: 2 * time.Second})},
		{"Benchling resets connections", r.apiFault(benchling.Fault{Reset: true})},
		{"Benchling's token expires while the worker exports", r.expireToken},
		{fmt.Sprintf("Benchling down for %.0f s", brownOut.Seconds()), r.benchlingDown},
		{fmt.Sprintf("the table refuses for %.0f s", brownOut.Seconds()), r.awsDown("DynamoDB_")},
		{fmt.Sprintf("S3 refuses for %.0f s", brownOut.Seconds()), r.awsDown("S3.")},
		{"Benchling rotates its key", r.rotateKey},
		{"secret emptied, then filled, tasks replaced", r.emptySecret},
		{"both services replaced under load", r.replaceServices},
		{"poison event: dead letter with its reason, sent again", func(ctx context.Context) (accepted, error) { return r.redrive(ctx, poison) }},
	} {
		if err := r.rows.Check(f.check, func() (string, error) {
			sent, err := f.strike(ctx)
			if err != nil {
				return "", err
			}
			return r.account(ctx, sent)
		}); err != nil {
			return err
		}
	}
	return nil
}

// killWeb kills the web task when the queue has events whose 200 is not sent yet.
func (r *rehearsal) killWeb(ctx context.Context) (accepted, error) {
	r.aws.Inject(proxy.Fault{Operation: "AmazonSQS.SendMessage", Delay: 500 * time.Millisecond})
	defer r.aws.Inject()
	l := r.startLoad(ctx, 2*eventsAtOnce, "etr_", 20*time.Millisecond)
	if err := r.waitStruck(ctx, 1); err != nil {
		return accepted{}, err
	}
	// The answer that is held back comes too late.
	time.Sleep(100 * time.Millisecond)
	if err := r.endTask(ctx, r.web.Load(), "KILL"); err != nil {
		return accepted{}, err
	}
	r.aws.Inject()
	if err := r.startWeb(ctx); err != nil {
		return accepted{}, err
	}
	sent, err := l.wait()
	if err == nil && sent.again == 0 {
		err = errors.New("no request was cut off")
	}
	return sent, err
}

// refuseQueue keeps every event from the queue until each was refused, in time.
func (r *rehearsal) refuseQueue(ctx context.Context) (accepted, error) {
	r.aws.Inject(proxy.Fault{Operation: "AmazonSQS.SendMessage", Refuse: true})
	defer r.aws.Inject()
	began := time.Now()
	l := r.startLoad(ctx, eventsAtOnce, "etr_", 0)
	if err := until(ctx, faultTimeout, func() (bool, string) {
		n := l.count(http.StatusServiceUnavailable)
		return n >= eventsAtOnce, fmt.Sprintf("%d answers of 503", n)
	}); err != nil {
		return accepted{}, err
	}
	if took := time.Since(began); took > benchlingWaits {
		return accepted{}, fmt.Errorf("/event: %.1f s to 503: Benchling waits %.0f s", took.Seconds(), benchlingWaits.Seconds())
	}
	if n := l.count(http.StatusOK); n > 0 {
		return accepted{}, fmt.Errorf("/event: %d answers of 200 without a queue", n)
	}
	r.aws.Inject()
	return l.wait()
}

// refuseStore keeps files from S3 until a try of the worker has failed.
func (r *rehearsal) refuseStore(ctx context.Context) (accepted, error) {
	r.aws.Inject(proxy.Fault{Operation: "S3.P", Refuse: true})
	defer r.aws.Inject()
	sent, err := r.sendEvents(ctx)
	if err != nil {
		return accepted{}, err
	}
	return sent, r.waitStruck(ctx, 2*eventsAtOnce)
}

// apiFault lets the next calls of the API fail.
func (r *rehearsal) apiFault(f benchling.Fault) func(context.Context) (accepted, error) {
	return func(ctx context.Context) (accepted, error) {
		f.Path, f.Times = apiPath, apiFaults
		before := r.benchling.Faults.Struck()
		r.benchling.Faults.Inject(f)
		defer r.benchling.Faults.Heal(apiPath)
		sent, err := r.sendEvents(ctx)
		if err != nil {
			return accepted{}, err
		}
		return sent, until(ctx, faultTimeout, func() (bool, string) {
			n := r.benchling.Faults.Struck() - before
			return n >= apiFaults, fmt.Sprintf("%d calls met the fault", n)
		})
	}
}

// expireToken makes the worker's token invalid while its exports run.
func (r *rehearsal) expireToken(ctx context.Context) (accepted, error) {
	r.benchling.Notebook.HoldExports(true)
	defer r.benchling.Notebook.HoldExports(false)
	sent, err := r.sendEvents(ctx)
	if err != nil {
		return accepted{}, err
	}
	if err := r.waitForExport(ctx, sent); err != nil {
		return accepted{}, err
	}
	before := r.benchling.Notebook.Refused()
	r.benchling.Notebook.ExpireToken()
	return sent, until(ctx, faultTimeout, func() (bool, string) {
		return r.benchling.Notebook.Refused() > before, "no call had the expired token"
	})
}

// benchlingDown breaks every connection to Benchling while its last events
// still come in.
func (r *rehearsal) benchlingDown(ctx context.Context) (accepted, error) {
	r.benchling.Faults.Inject(benchling.Fault{Reset: true})
	defer r.benchling.Faults.Heal("")
	return r.whileAway(ctx)
}

// awsDown has a service of AWS refuse every call while events come in.
func (r *rehearsal) awsDown(service string) func(context.Context) (accepted, error) {
	return func(ctx context.Context) (accepted, error) {
		r.aws.Inject(proxy.Fault{Operation: service, Refuse: true})
		defer r.aws.Inject()
		sent, err := r.whileAway(ctx)
		if err == nil && r.aws.Struck() == 0 {
			err = errors.New("no call met the fault")
		}
		return sent, err
	}
}

// whileAway sends events during a brown-out, each of which must be accepted at
// once: it is none of the web service's.
func (r *rehearsal) whileAway(ctx context.Context) (accepted, error) {
	l := r.startLoad(ctx, eventsAtOnce, "etr_", brownOut/(2*eventsAtOnce))
	select {
	case <-ctx.Done():
		return accepted{}, ctx.Err()
	case <-time.After(brownOut):
	}
	sent, err := l.wait()
	if err == nil && sent.again > 0 {
		err = fmt.Errorf("/event: answers %s: only 200 was due", sent.seen())
	}
	return sent, err
}

// rotateKey signs with a new key, and the old one counts no longer.
func (r *rehearsal) rotateKey(ctx context.Context) (accepted, error) {
	old := r.key
	next, err := benchling.NewKey()
	if err != nil {
		return accepted{}, err
	}
	if err := r.benchling.Publish(next); err != nil {
		return accepted{}, err
	}
	r.key = next
	sent, err := r.startLoad(ctx, eventsAtOnce, "etr_", 0).wait()
	if err != nil {
		return accepted{}, err
	}
	webhook, err := r.event(old, r.appDefinition, "etr_refused", time.Now())
	if err != nil {
		return accepted{}, err
	}
	status, body, err := post(ctx, r.web.Load().url+"/event", webhook)
	if err == nil && status != http.StatusUnauthorized {
		err = fmt.Errorf("/event: status %d, %s: 401 was due to a signature of the old key", status, body)
	}
	return sent, err
}

func (r *rehearsal) waitStruck(ctx context.Context, times int) error {
	return until(ctx, faultTimeout, func() (bool, string) {
		n := r.aws.Struck()
		return n >= times, fmt.Sprintf("%d calls met the fault", n)
	})
}
