package actions

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"benchlingwebhook/internal/deadletters"
	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/slowclient"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/proxy"
)

const (
	// hangEvents come in while the queue hangs, 50 a second.
	hangEvents = 150
	hangPause  = 20 * time.Millisecond

	// dawdlers are more connections than the web service takes (CONNECTIONS in
	// docker/src/runtime/connections.py).
	dawdlers = 600
	// dawdleEvents come in beside them, a dawdleEvery between two.
	dawdleEvents = 60
	dawdleEvery  = 200 * time.Millisecond

	// healthWithin is the longest that a probe of the web service's health may take beside
	// other lanes: a fifth of what the load balancer waits.
	healthWithin = 2 * time.Second
	probeEvery   = 100 * time.Millisecond
	// phaseDelay is how long a call takes in which the worker is stopped.
	phaseDelay = 1500 * time.Millisecond
)

type attacks struct{ *stage.Stage }

// Run does its worst to both services: nothing may be late, lost, or killed.
func (a attacks) Run(ctx context.Context) error {
	rows := []report.Check{
		{Name: fmt.Sprintf("queue accepts and never answers, %.0f events a second", 1/hangPause.Seconds()), Run: a.Accounted(a.hangQueue)},
		{Name: fmt.Sprintf("%d connections that dawdle, then SIGTERM", dawdlers), Run: a.Accounted(a.dawdle)},
		{Name: "hostile ZIPs are dead letters, and the worker lives", Run: a.hostileZIPs},
	}
	for _, phase := range a.phases() {
		rows = append(rows, report.Check{Name: "worker stopped while it " + phase.name + " (SIGTERM)", Run: a.Accounted(func(ctx context.Context) (stage.Accepted, error) {
			return a.stopInPhase(ctx, phase)
		})})
	}
	return a.Report.Run(ctx, rows...)
}

// hangQueue sends events while SQS takes every call and responds to none: each must
// have its 503 while Benchling waits. When SQS is back, all are sent again.
func (a attacks) hangQueue(ctx context.Context) (stage.Accepted, error) {
	a.AWS.Inject(proxy.Fault{Operation: "AmazonSQS.SendMessage", Hang: true})
	defer a.AWS.Inject()
	pace := testbed.StartPace()
	defer pace.Stop()
	health := a.startProbe(ctx, pace)
	webhooks := map[string]benchling.Webhook{}
	l := stage.NewLoad()
	var all sync.WaitGroup
	for range hangEvents {
		entry := benchling.SmallPrefix + benchling.RandomText()
		webhook, err := a.App.Event(entry, time.Now())
		if err != nil {
			return stage.Accepted{}, err
		}
		webhooks[entry] = webhook
		l.RecordSignature(webhook.Signature)
		all.Go(func() {
			sent := time.Now()
			status, _, _ := a.Post(ctx, "/event", webhook)
			l.Record(status, entry, webhook.ID, sent)
		})
		time.Sleep(hangPause)
	}
	all.Wait()
	slowest, err := health()
	if err != nil {
		return stage.Accepted{}, err
	}
	fmt.Fprintf(a.Report, "responses %s, the slowest after %.2f s; /health within %.2f s", l.Sent().Responses(), l.Sent().Slowest.Seconds(), slowest.Seconds())
	limit := pace.Allow(benchlingWaits)
	if n := l.Count(http.StatusServiceUnavailable); n != hangEvents || l.Sent().Slowest > limit {
		return stage.Accepted{}, fmt.Errorf("/event: responses %s, the slowest after %.2f s: %d of 503 within %.2f s were due", l.Sent().Responses(), l.Sent().Slowest.Seconds(), hangEvents, limit.Seconds())
	}
	a.AWS.Inject()
	for entry, webhook := range webhooks {
		all.Go(func() { a.Send(ctx, l, entry, webhook) })
		time.Sleep(hangPause)
	}
	all.Wait()
	return l.Wait()
}

// dawdle holds more connections to the web service than it takes, of which some
// send nothing and others a byte now and then; events and probes come through.
// Then the web task is stopped, which must not wait for any of them.
func (a attacks) dawdle(ctx context.Context) (stage.Accepted, error) {
	dawdling, end := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer end()
	address := strings.TrimPrefix(a.Web.Load().URL, "http://")
	for i := range dawdlers {
		start := []string{"", "GET /health HT", "POST /event HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n\r\n{"}[i%3]
		all.Go(func() { slowclient.Hold(dawdling, address, start) })
	}
	pace := testbed.StartPace()
	defer pace.Stop()
	health := a.startProbe(ctx, pace)
	sent, err := a.StartLoad(ctx, dawdleEvents, benchling.SmallPrefix, dawdleEvery).Wait()
	slowest, probed := health()
	if err := errors.Join(err, probed); err != nil {
		return stage.Accepted{}, err
	}
	fmt.Fprintf(a.Report, "responses %s, the slowest after %.2f s; /health within %.2f s", sent.Responses(), sent.Slowest.Seconds(), slowest.Seconds())
	if limit := pace.Allow(benchlingWaits); sent.Repeated > 0 || sent.Slowest > limit {
		return stage.Accepted{}, fmt.Errorf("/event: responses %s, the slowest after %.2f s: only 200 within %.2f s was due", sent.Responses(), sent.Slowest.Seconds(), limit.Seconds())
	}
	old := a.Web.Load()
	if err := a.StartWeb(ctx); err != nil {
		return stage.Accepted{}, err
	}
	stopped, err := a.RetireWeb(ctx, old)
	fmt.Fprintln(a.Report, stopped)
	return sent, err
}

// startProbe asks for the web task's health all the while, as its target group
// would; what it returns ends that, and returns the longest time that a probe took.
func (a attacks) startProbe(ctx context.Context, pace *testbed.Pace) func() (time.Duration, error) {
	probing, end := context.WithCancel(ctx)
	var slowest time.Duration
	var failed error
	var all sync.WaitGroup
	all.Go(func() {
		for probing.Err() == nil && failed == nil {
			began := time.Now()
			status, _, err := testbed.Get(ctx, a.Web.Load().URL+a.Contract.HealthCheck.Path)
			took := time.Since(began)
			slowest = max(slowest, took)
			if limit := pace.Allow(healthWithin); err != nil || status != http.StatusOK || took > limit {
				failed = fmt.Errorf("%s: status %d after %.2f s, %v: 200 within %.2f s was due", a.Contract.HealthCheck.Path, status, took.Seconds(), err, limit.Seconds())
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
func (a attacks) hostileZIPs(ctx context.Context) (string, error) {
	queues, err := deadletters.OfStack(ctx, a.Emulator.Config(), stage.StackName)
	if err != nil {
		return "", err
	}
	l := stage.NewLoad()
	kinds := map[string]string{}
	for kind := range benchling.Hostile {
		entry := benchling.HostilePrefix + kind + "-" + benchling.RandomText()
		kinds[entry] = kind
		a.Deliver(ctx, l, entry)
	}
	sent, err := l.Wait()
	if err != nil {
		return "", err
	}
	for entry, id := range sent.Entries {
		dead, err := waitForDeadLetter(ctx, queues, id)
		if err != nil {
			return "", fmt.Errorf("%s: %w", kinds[entry], err)
		}
		if !strings.HasPrefix(dead.Reason, "the export") {
			return "", fmt.Errorf("%s: dead letter %+v: its reason isn't the export's", kinds[entry], dead)
		}
		fmt.Fprintf(a.Report, "%s: %s", kinds[entry], dead.Reason)
	}
	worker := a.Worker.Load().Containers[0].Name
	state, err := a.Docker(ctx, "inspect", "--format", "{{.State.Running}} {{.State.OOMKilled}} {{.HostConfig.Memory}}", worker)
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
	// hits counts the calls that take long.
	hits func() int
}

func (a attacks) phases() []phase {
	benchlings := func(name, path string) phase {
		before := 0
		return phase{
			name: name,
			begin: func() {
				before = a.Benchling.Faults.Hits()
				a.Benchling.Faults.Inject(benchling.Fault{Path: path, Delay: phaseDelay})
			},
			end:  func() { a.Benchling.Faults.Clear(path) },
			hits: func() int { return a.Benchling.Faults.Hits() - before },
		}
	}
	awss := func(name, operation string) phase {
		return phase{
			name:  name,
			begin: func() { a.AWS.Inject(proxy.Fault{Operation: operation, Delay: phaseDelay}) },
			end:   func() { a.AWS.Inject() },
			hits:  a.AWS.Hits,
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
func (a attacks) stopInPhase(ctx context.Context, p phase) (stage.Accepted, error) {
	p.begin()
	defer p.end()
	sent, err := a.SendEvents(ctx)
	if err != nil {
		return stage.Accepted{}, err
	}
	if err := testbed.Until(ctx, faultTimeout, func() (bool, string) { return p.hits() > 0, "no call was reached" }); err != nil {
		return stage.Accepted{}, err
	}
	stopped, err := a.StopTask(ctx, a.Worker.Load())
	if err != nil {
		return stage.Accepted{}, err
	}
	fmt.Fprintln(a.Report, stopped)
	p.end()
	return sent, a.StartWorker(ctx)
}
