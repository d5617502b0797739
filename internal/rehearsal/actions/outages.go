package actions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/proxy"
)

// outage is how long a dependency is away.
const outage = time.Minute

type outages struct{ *stage.Stage }

// Run takes one dependency of the worker's away after another, while events come in:
// every one is accepted, and becomes exactly one package afterwards.
func (a outages) Run(ctx context.Context) error {
	return a.Report.Run(ctx,
		report.Check{Name: fmt.Sprintf("Benchling down for %.0f s", outage.Seconds()), Run: a.Accounted(a.benchlingDown)},
		report.Check{Name: fmt.Sprintf("the table refuses for %.0f s", outage.Seconds()), Run: a.Accounted(a.awsDown("DynamoDB_"))},
		report.Check{Name: fmt.Sprintf("S3 refuses for %.0f s", outage.Seconds()), Run: a.Accounted(a.awsDown("S3."))},
	)
}

// benchlingDown breaks every connection to Benchling while its last events
// still come in.
func (a outages) benchlingDown(ctx context.Context) (stage.Accepted, error) {
	a.Benchling.Faults.Inject(benchling.Fault{Reset: true})
	defer a.Benchling.Faults.Clear("")
	return a.whileAway(ctx)
}

// awsDown has a service of AWS refuse every call while events come in.
func (a outages) awsDown(service string) func(context.Context) (stage.Accepted, error) {
	return func(ctx context.Context) (stage.Accepted, error) {
		a.AWS.Inject(proxy.Fault{Operation: service, Refuse: true})
		defer a.AWS.Inject()
		sent, err := a.whileAway(ctx)
		if err == nil && a.AWS.Hits() == 0 {
			err = errors.New("no call met the fault")
		}
		return sent, err
	}
}

// whileAway sends events during an outage, each of which must be accepted at
// once: it is none of the web service's.
func (a outages) whileAway(ctx context.Context) (stage.Accepted, error) {
	l := a.StartLoad(ctx, stage.EventsAtOnce, "etr_", outage/(2*stage.EventsAtOnce))
	select {
	case <-ctx.Done():
		return stage.Accepted{}, ctx.Err()
	case <-time.After(outage):
	}
	sent, err := l.Wait()
	if err == nil {
		err = sent.Only200()
	}
	return sent, err
}
