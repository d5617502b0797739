package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"benchlingwebhook/internal/deadletters"
	"benchlingwebhook/internal/slowclient"
	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/proxy"
)

const (
	// hangEvents come in while the queue hangs, 50 a second.
	hangEvents = 200
	hangPause  = 20 * time.Millisecond

	// dawdlers are more connections than the web service takes (CONNECTIONS in
	// docker/src/runtime/connections.py).
	dawdlers = 600
	// dawdleEvents come in beside them, a dawdleEvery between two.
	dawdleEvents = 60
	dawdleEvery  = 200 * time.Millisecond

	// healthWithin is the longest that a probe of the web service's health may take.
	healthWithin = time.Second
	probeEvery   = 100 * time.Millisecond
	// phaseDelay is how long a call takes in which the worker is stopped.
	phaseDelay = 1500 * time.Millisecond
)

// runAttacks does its worst to both services: nothing may be late, lost, or
// killed.
func (r *rehearsal) runAttacks(ctx context.Context) error {
	rows := []row{
		{fmt.Sprintf("queue accepts and never answers, %.0f events a second", 1/hangPause.Seconds()), r.accounted(r.hangQueue)},
		{fmt.Sprintf("%d connections that dawdle, then SIGTERM", dawdlers), r.accounted(r.dawdle)},
		{"hostile ZIPs are dead letters, and the worker lives", r.hostileZIPs},
	}
	for _, phase := range r.phases() {
		rows = append(rows, row{"worker stopped while it " + phase.name + " (SIGTERM)", r.accounted(func(ctx context.Context) (accepted, error) {
			return r.stopInPhase(ctx, phase)
		})})
	}
	return r.runRows(ctx, rows)
}

// accounted makes a row of events, each of which must become exactly one package.
func (r *rehearsal) accounted(strike func(context.Context) (accepted, error)) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		sent, err := strike(ctx)
		if err != nil {
			return "", err
		}
		return r.account(ctx, sent)
	}
}

// hangQueue sends events while SQS takes every call and answers none: each must
// have its 503 while Benchling waits. When SQS is back, all are sent again.
func (r *rehearsal) hangQueue(ctx context.Context) (accepted, error) {
	r.aws.Inject(proxy.Fault{Operation: "AmazonSQS.SendMessage", Hang: true})
	defer r.aws.Inject()
	health := r.startProbe(ctx)
	webhooks := map[string]benchling.Webhook{}
	l := newLoad()
	var all sync.WaitGroup
	for range hangEvents {
		entry := benchling.SmallPrefix + benchling.RandomText()
		webhook, err := r.event(r.key, r.appDefinition, entry, time.Now())
		if err != nil {
			return accepted{}, err
		}
		webhooks[entry] = webhook
		l.signed(webhook.Signature)
		all.Go(func() {
			sent := time.Now()
			status, _, _ := post(ctx, r.web.Load().url+"/event", webhook)
			l.answered(status, entry, webhook.ID, sent)
		})
		time.Sleep(hangPause)
	}
	all.Wait()
	slowest, err := health()
	if err != nil {
		return accepted{}, err
	}
	fmt.Fprintf(r.rows, "answers %s, the slowest after %.2f s; /health within %.2f s", l.sent.seen(), l.sent.slowest.Seconds(), slowest.Seconds())
	if n := l.count(http.StatusServiceUnavailable); n != hangEvents || l.sent.slowest > benchlingWaits {
		return accepted{}, fmt.Errorf("/event: answers %s, the slowest after %.2f s: %d of 503 within %.0f s were due", l.sent.seen(), l.sent.slowest.Seconds(), hangEvents, benchlingWaits.Seconds())
	}
	r.aws.Inject()
	for entry, webhook := range webhooks {
		all.Go(func() { r.send(ctx, l, entry, webhook) })
		time.Sleep(hangPause)
	}
	all.Wait()
	return l.wait()
}

// dawdle holds more connections to the web service than it takes, of which some
// send nothing and others a byte now and then; events and probes come through.
// Then the web task is stopped, which must not wait for any of them.
func (r *rehearsal) dawdle(ctx context.Context) (accepted, error) {
	dawdling, end := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer end()
	address := strings.TrimPrefix(r.web.Load().url, "http://")
	for i := range dawdlers {
		start := []string{"", "GET /health HT", "POST /event HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n\r\n{"}[i%3]
		all.Go(func() { slowclient.Hold(dawdling, address, start) })
	}
	health := r.startProbe(ctx)
	sent, err := r.startLoad(ctx, dawdleEvents, benchling.SmallPrefix, dawdleEvery).wait()
	slowest, probed := health()
	if err := errors.Join(err, probed); err != nil {
		return accepted{}, err
	}
	fmt.Fprintf(r.rows, "answers %s, the slowest after %.2f s; /health within %.2f s", sent.seen(), sent.slowest.Seconds(), slowest.Seconds())
	if sent.again > 0 || sent.slowest > benchlingWaits {
		return accepted{}, fmt.Errorf("/event: answers %s, the slowest after %.2f s: only 200 within %.0f s was due", sent.seen(), sent.slowest.Seconds(), benchlingWaits.Seconds())
	}
	old := r.web.Load()
	if err := r.startWeb(ctx); err != nil {
		return accepted{}, err
	}
	stopped, err := r.stopTask(ctx, old)
	fmt.Fprintln(r.rows, stopped)
	return sent, err
}

// startProbe asks for the web task's health all the while, as its target group
// would; what it returns ends that, and returns the longest time that a probe took.
func (r *rehearsal) startProbe(ctx context.Context) func() (time.Duration, error) {
	probing, end := context.WithCancel(ctx)
	var slowest time.Duration
	var failed error
	var all sync.WaitGroup
	all.Go(func() {
		for probing.Err() == nil && failed == nil {
			began := time.Now()
			status, _, err := get(ctx, r.web.Load().url+r.contract.HealthCheck.Path)
			took := time.Since(began)
			slowest = max(slowest, took)
			if err != nil || status != http.StatusOK || took > healthWithin {
				failed = fmt.Errorf("%s: status %d after %.2f s, %w: 200 within %.0f s was due", r.contract.HealthCheck.Path, status, took.Seconds(), err, healthWithin.Seconds())
			}
			time.Sleep(probeEvery)
		}
	})
	return func() (time.Duration, error) {
		end()
		all.Wait()
		return slowest, failed
	}
}

// hostileZIPs has the worker export ZIPs that would need more memory than its
// task has.
func (r *rehearsal) hostileZIPs(ctx context.Context) (string, error) {
	queues, err := deadletters.OfStack(ctx, r.emulator.Config(), stackName)
	if err != nil {
		return "", err
	}
	l := newLoad()
	kinds := map[string]string{}
	for kind := range benchling.Hostile {
		entry := benchling.HostilePrefix + kind + "-" + benchling.RandomText()
		kinds[entry] = kind
		r.deliver(ctx, l, entry)
	}
	sent, err := l.wait()
	if err != nil {
		return "", err
	}
	for entry, id := range sent.entries {
		letter, err := waitForLetter(ctx, queues, id)
		if err != nil {
			return "", fmt.Errorf("%s: %w", kinds[entry], err)
		}
		if !strings.HasPrefix(letter.Reason, "the export") {
			return "", fmt.Errorf("%s: dead letter %+v: its reason isn't the export's", kinds[entry], letter)
		}
		fmt.Fprintf(r.rows, "%s: %s", kinds[entry], letter.Reason)
	}
	worker := r.worker.Load().containers[0].Name
	state, err := r.docker(ctx, "inspect", "--format", "{{.State.Running}} {{.State.OOMKilled}} {{.HostConfig.Memory}}", worker)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(state, "true false ") {
		return "", fmt.Errorf("%s: running, out of memory and limit: %s", worker, state)
	}
	return fmt.Sprintf("%d kinds, limit of the task's memory %s bytes", len(kinds), strings.Fields(state)[2]), nil
}

// phase is a call of the worker's that takes so long that it is stopped in it.
type phase struct {
	name       string
	begin, end func()
	// struck counts the calls that take long.
	struck func() int
}

func (r *rehearsal) phases() []phase {
	benchlings := func(name, path string) phase {
		before := 0
		return phase{
			name: name,
			begin: func() {
				before = r.benchling.Faults.Struck()
				r.benchling.Faults.Inject(benchling.Fault{Path: path, Delay: phaseDelay})
			},
			end:    func() { r.benchling.Faults.Heal(path) },
			struck: func() int { return r.benchling.Faults.Struck() - before },
		}
	}
	awss := func(name, operation string) phase {
		return phase{
			name:   name,
			begin:  func() { r.aws.Inject(proxy.Fault{Operation: operation, Delay: phaseDelay}) },
			end:    func() { r.aws.Inject() },
			struck: r.aws.Struck,
		}
	}
	return []phase{
		awss("claims and records", "DynamoDB_20120810.UpdateItem"),
		benchlings("reads the entry", apiPath+"v2/entries/"),
		benchlings("downloads", "/downloads/"),
		awss("writes files", "S3.PUT"),
		awss("deletes the message", "AmazonSQS.DeleteMessage"),
	}
}

// stopInPhase stops the worker in the middle of a call, and starts another.
func (r *rehearsal) stopInPhase(ctx context.Context, p phase) (accepted, error) {
	p.begin()
	defer p.end()
	sent, err := r.sendEvents(ctx)
	if err != nil {
		return accepted{}, err
	}
	if err := until(ctx, faultTimeout, func() (bool, string) { return p.struck() > 0, "no call was reached" }); err != nil {
		return accepted{}, err
	}
	stopped, err := r.stopTask(ctx, r.worker.Load())
	if err != nil {
		return accepted{}, err
	}
	fmt.Fprintln(r.rows, stopped)
	p.end()
	return sent, r.startWorker(ctx)
}
