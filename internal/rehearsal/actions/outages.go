package actions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/report"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/benchling"
	"benchlingwebhook/internal/testbed/proxy"
)

const (
	// outage is how long a dependency is away.
	outage = 30 * time.Second
	// lateRevision is how long Quilt takes for a revision that it confirms in an outage.
	lateRevision = 15 * time.Second
)

type outages struct{ *stage.Stage }

// Run takes one dependency of the worker's away after another, while events come in:
// every one is accepted, and becomes exactly one package afterwards.
func (a outages) Run(ctx context.Context) error {
	return a.Report.Run(ctx,
		report.Check{Name: fmt.Sprintf("Benchling down for %.0f s", outage.Seconds()), Run: a.Accounted(a.benchlingDown)},
		report.Check{Name: fmt.Sprintf("the table refuses for %.0f s", outage.Seconds()), Run: a.Accounted(a.tableDown)},
		report.Check{Name: fmt.Sprintf("S3 refuses for %.0f s", outage.Seconds()), Run: a.Accounted(func(ctx context.Context) (stage.Accepted, error) { return a.awsDown(ctx, "S3.") })},
	)
}

// benchlingDown breaks every connection to Benchling while its last events
// still come in.
func (a outages) benchlingDown(ctx context.Context) (stage.Accepted, error) {
	a.Benchling.Faults.Inject(benchling.Fault{Reset: true})
	defer a.Benchling.Faults.Clear("")
	return a.whileAway(ctx)
}

// tableDown has the table refuse every call while events come in, and while Quilt
// confirms a package of before.
func (a outages) tableDown(ctx context.Context) (stage.Accepted, error) {
	messages := len(a.Packager.Messages())
	a.Packager.Delay(lateRevision)
	defer a.Packager.Delay(0)
	before, err := a.StartLoad(ctx, 1, "etr_", 0).Wait()
	if err != nil {
		return before, err
	}
	if err := testbed.Until(ctx, faultTimeout, func() (bool, string) {
		return len(a.Packager.Messages()) > messages, "no packaging message"
	}); err != nil {
		return before, err
	}
	sent, err := a.awsDown(ctx, "DynamoDB_")
	if err != nil {
		return sent, err
	}
	maps.Copy(sent.Entries, before.Entries)
	maps.Copy(sent.At, before.At)
	sent.Signatures = append(sent.Signatures, before.Signatures...)
	return sent, nil
}

// awsDown has a service of AWS refuse every call while events come in.
func (a outages) awsDown(ctx context.Context, service string) (stage.Accepted, error) {
	a.AWS.Inject(proxy.Fault{Operation: service, Refuse: true})
	defer a.AWS.Inject()
	sent, err := a.whileAway(ctx)
	if err == nil && a.AWS.Hits() == 0 {
		err = errors.New("no call met the fault")
	}
	return sent, err
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
