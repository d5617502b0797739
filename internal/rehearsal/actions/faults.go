package actions

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/proxy"
)

const (
	// faultTimeout bounds the time until a fault is met.
	faultTimeout = 30 * time.Second
	// abortTimeout bounds the time until an upload has begun, and until it is aborted: each
	// of its parts is tried again and again.
	abortTimeout = time.Minute
	// apiFaults is how many calls of the API meet a fault.
	apiFaults = 4
	// benchlingWaits is how long Benchling waits for a response; on a machine that is
	// slower than alone, all that is timed is (testbed.Pace).
	benchlingWaits = 3 * time.Second
	// apiPath is where the worker's calls go.
	apiPath = "/api/"
)

type faults struct{ *stage.Stage }

// Run lets one thing after another fail; every accepted event must become exactly
// one package.
func (a faults) Run(ctx context.Context) error {
	poison, err := a.sendPoison(ctx)
	if err != nil {
		return a.Report.Check("poison event", func() (string, error) { return "", err })
	}
	return a.Report.Run(ctx,
		report.Check{Name: "web task killed while it accepts (SIGKILL)", Run: a.Accounted(a.killWeb)},
		report.Check{Name: "queue refuses writes", Run: a.Accounted(a.refuseQueue)},
		report.Check{Name: "S3 refuses writes", Run: a.Accounted(a.refuseStore)},
		report.Check{Name: "S3 refuses the parts of a large file", Run: a.Accounted(a.refuseParts)},
		report.Check{Name: "AWS throttles receives, claims and files", Run: a.Accounted(a.awsFails(
			proxy.Fault{Operation: "AmazonSQS.ReceiveMessage", Throttle: true}, proxy.Fault{Operation: "DynamoDB_", Throttle: true}, proxy.Fault{Operation: "S3.", Throttle: true},
		))},
		report.Check{Name: "AWS resets connections", Run: a.Accounted(a.awsFails(
			proxy.Fault{Operation: "AmazonSQS.ReceiveMessage", Reset: true}, proxy.Fault{Operation: "DynamoDB_", Reset: true}, proxy.Fault{Operation: "S3.", Reset: true},
		))},
		report.Check{Name: "S3 cuts responses off", Run: a.Accounted(a.awsFails(proxy.Fault{Operation: "S3.", CutBody: true}))},
		report.Check{Name: "the table leaves connections half open", Run: a.Accounted(a.awsFails(proxy.Fault{Operation: "DynamoDB_", HalfOpen: true}))},
		report.Check{Name: "Benchling answers 429 with Retry-After", Run: a.Accounted(a.apiFault(benchling.Fault{Status: http.StatusTooManyRequests, RetryAfter: 2 * time.Second}))},
		report.Check{Name: "Benchling answers 502", Run: a.Accounted(a.apiFault(benchling.Fault{Status: http.StatusBadGateway}))},
		report.Check{Name: "Benchling is slow", Run: a.Accounted(a.apiFault(benchling.Fault{Delay: 2 * time.Second}))},
		report.Check{Name: "Benchling resets connections", Run: a.Accounted(a.apiFault(benchling.Fault{Reset: true}))},
		report.Check{Name: "Benchling's token expires while the worker exports", Run: a.Accounted(a.expireToken)},
		report.Check{Name: "Benchling rotates its key", Run: a.Accounted(a.rotateKey)},
		report.Check{Name: "the client secret is rotated under load, no task replaced", Run: a.Accounted(a.rotateSecret)},
		report.Check{Name: "secret emptied, then filled, tasks replaced", Run: a.Accounted(a.emptySecret)},
		report.Check{Name: "both services replaced under load", Run: a.Accounted(a.replaceServices)},
		report.Check{Name: "poison event: dead letter with its reason, sent again", Run: a.Accounted(func(ctx context.Context) (stage.Accepted, error) { return a.redrive(ctx, poison) })},
	)
}

// killWeb kills the web task when the queue has events whose 200 is not sent yet.
func (a faults) killWeb(ctx context.Context) (stage.Accepted, error) {
	a.AWS.Inject(proxy.Fault{Operation: "AmazonSQS.SendMessage", Delay: 500 * time.Millisecond})
	defer a.AWS.Inject()
	l := a.StartLoad(ctx, 2*stage.EventsAtOnce, "etr_", 20*time.Millisecond)
	if err := a.waitHits(ctx, 1); err != nil {
		return stage.Accepted{}, err
	}
	// The response that is held back comes too late.
	time.Sleep(100 * time.Millisecond)
	if err := a.EndTask(ctx, a.Web.Load(), "KILL"); err != nil {
		return stage.Accepted{}, err
	}
	a.AWS.Inject()
	if err := a.StartWeb(ctx); err != nil {
		return stage.Accepted{}, err
	}
	sent, err := l.Wait()
	if err == nil && sent.Repeated == 0 {
		err = errors.New("no request was cut off")
	}
	return sent, err
}

// refuseQueue keeps every event from the queue until each was refused, in time.
func (a faults) refuseQueue(ctx context.Context) (stage.Accepted, error) {
	a.AWS.Inject(proxy.Fault{Operation: "AmazonSQS.SendMessage", Refuse: true})
	defer a.AWS.Inject()
	pace := testbed.StartPace()
	defer pace.Stop()
	began := time.Now()
	l := a.StartLoad(ctx, stage.EventsAtOnce, "etr_", 0)
	if err := testbed.Until(ctx, faultTimeout, func() (bool, string) {
		n := l.Count(http.StatusServiceUnavailable)
		return n >= stage.EventsAtOnce, fmt.Sprintf("%d responses of 503", n)
	}); err != nil {
		return stage.Accepted{}, err
	}
	if took, limit := time.Since(began), pace.Allow(benchlingWaits); took > limit {
		return stage.Accepted{}, fmt.Errorf("/event: %.1f s to 503: Benchling waits %.1f s", took.Seconds(), limit.Seconds())
	}
	if n := l.Count(http.StatusOK); n > 0 {
		return stage.Accepted{}, fmt.Errorf("/event: %d responses of 200 without a queue", n)
	}
	a.AWS.Inject()
	return l.Wait()
}

// refuseStore keeps files from S3 until a try of the worker has failed.
func (a faults) refuseStore(ctx context.Context) (stage.Accepted, error) {
	a.AWS.Inject(proxy.Fault{Operation: "S3.P", Refuse: true})
	defer a.AWS.Inject()
	sent, err := a.SendEvents(ctx)
	if err != nil {
		return stage.Accepted{}, err
	}
	return sent, a.waitHits(ctx, 2*stage.EventsAtOnce)
}

// refuseParts keeps the parts of a large file from S3 until an attempt has failed: it
// leaves no part behind, for which somebody would pay.
func (a faults) refuseParts(ctx context.Context) (stage.Accepted, error) {
	a.AWS.Inject(proxy.Fault{Operation: "S3.PUT.part", Refuse: true})
	defer a.AWS.Inject()
	l := stage.NewLoad()
	a.Deliver(ctx, l, benchling.LargePrefix+benchling.RandomText())
	sent, err := l.Wait()
	if err != nil {
		return stage.Accepted{}, err
	}
	for _, begun := range []bool{true, false} {
		if err := testbed.Until(ctx, abortTimeout, func() (bool, string) {
			n, err := a.uploads(ctx)
			return err == nil && (n > 0) == begun, fmt.Sprintf("%d uploads that nobody aborted, %v", n, err)
		}); err != nil {
			return stage.Accepted{}, err
		}
	}
	a.AWS.Inject()
	return sent, nil
}

// uploads returns how many uploads in parts are under way.
func (a faults) uploads(ctx context.Context) (int, error) {
	found, err := a.S3().ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: aws.String(a.Stack.Bucket)})
	if err != nil {
		return 0, err
	}
	return len(found.Uploads), nil
}

// awsFails has AWS fail in some ways while the worker works, until enough of its calls
// have met them.
func (a faults) awsFails(fs ...proxy.Fault) func(context.Context) (stage.Accepted, error) {
	return func(ctx context.Context) (stage.Accepted, error) {
		a.AWS.Inject(fs...)
		defer a.AWS.Inject()
		sent, err := a.SendEvents(ctx)
		if err != nil {
			return stage.Accepted{}, err
		}
		return sent, a.waitHits(ctx, stage.EventsAtOnce)
	}
}

// apiFault lets the next calls of the API fail.
func (a faults) apiFault(f benchling.Fault) func(context.Context) (stage.Accepted, error) {
	return func(ctx context.Context) (stage.Accepted, error) {
		f.Path, f.Times = apiPath, apiFaults
		before := a.Benchling.Faults.Hits()
		a.Benchling.Faults.Inject(f)
		defer a.Benchling.Faults.Clear(apiPath)
		sent, err := a.SendEvents(ctx)
		if err != nil {
			return stage.Accepted{}, err
		}
		return sent, testbed.Until(ctx, faultTimeout, func() (bool, string) {
			n := a.Benchling.Faults.Hits() - before
			return n >= apiFaults, fmt.Sprintf("%d calls met the fault", n)
		})
	}
}

// expireToken makes the worker's token invalid while its exports run.
func (a faults) expireToken(ctx context.Context) (stage.Accepted, error) {
	a.Benchling.API.HoldExports(true)
	defer a.Benchling.API.HoldExports(false)
	sent, err := a.SendEvents(ctx)
	if err != nil {
		return stage.Accepted{}, err
	}
	if err := a.WaitForExport(ctx, sent); err != nil {
		return stage.Accepted{}, err
	}
	before := a.Benchling.API.Refused()
	a.Benchling.API.ExpireToken()
	return sent, testbed.Until(ctx, faultTimeout, func() (bool, string) {
		return a.Benchling.API.Refused() > before, "no call had the expired token"
	})
}

// rotateKey signs with a new key, and the old one counts no longer.
func (a faults) rotateKey(ctx context.Context) (stage.Accepted, error) {
	before := a.App
	next, err := benchling.NewKey()
	if err != nil {
		return stage.Accepted{}, err
	}
	if err := a.Benchling.Publish(next); err != nil {
		return stage.Accepted{}, err
	}
	a.App.Key = next
	sent, err := a.StartLoad(ctx, stage.EventsAtOnce, "etr_", 0).Wait()
	if err != nil {
		return stage.Accepted{}, err
	}
	webhook, err := before.Event("etr_refused", time.Now())
	if err != nil {
		return stage.Accepted{}, err
	}
	status, body, err := a.Post(ctx, "/event", webhook)
	if err == nil && status != http.StatusUnauthorized {
		err = fmt.Errorf("/event: status %d, %s: 401 was due to a signature of the old key", status, body)
	}
	return sent, err
}

func (a faults) waitHits(ctx context.Context, times int) error {
	return testbed.Until(ctx, faultTimeout, func() (bool, string) {
		n := a.AWS.Hits()
		return n >= times, fmt.Sprintf("%d calls met the fault", n)
	})
}
