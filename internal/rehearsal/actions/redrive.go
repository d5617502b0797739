package actions

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"benchlingwebhook/internal/deadletters"
	"benchlingwebhook/internal/rehearsal/stage"
	"benchlingwebhook/internal/testbed"
	"benchlingwebhook/internal/testbed/benchling"
)

const (
	// deadLetterTimeout bounds the time from an event to its dead letter. What
	// Benchling refuses is tried once.
	deadLetterTimeout = time.Minute
	poisonAttempts    = "1"
)

// poison is an event whose entry Benchling refuses.
type poison struct {
	entry string
	path  string
	sent  stage.Accepted
}

// sendPoison sends an event that fails every time.
func (a faults) sendPoison(ctx context.Context) (poison, error) {
	p := poison{entry: "etr_" + benchling.RandomText()}
	p.path = apiPath + "v2/entries/" + p.entry
	a.Benchling.Faults.Inject(benchling.Fault{Path: p.path, Status: http.StatusForbidden})
	l := stage.NewLoad()
	a.Deliver(ctx, l, p.entry)
	var err error
	p.sent, err = l.Wait()
	return p, err
}

// redrive waits for the poison's dead letter, clears its cause and sends it again.
func (a faults) redrive(ctx context.Context, p poison) (stage.Accepted, error) {
	queues, err := deadletters.OfStack(ctx, a.Emulator.Config(), stage.StackName)
	if err != nil {
		return stage.Accepted{}, err
	}
	id := p.sent.Entries[p.entry]
	dead, err := waitForDeadLetter(ctx, queues, id)
	if err != nil {
		return stage.Accepted{}, err
	}
	if dead.Entry != p.entry || dead.Attempts != poisonAttempts || !strings.Contains(dead.Reason, "403") {
		return stage.Accepted{}, fmt.Errorf("dead letter %+v: not the entry %s, %s attempts and a reason with 403", dead, p.entry, poisonAttempts)
	}
	fmt.Fprintln(a.Report, "dead letter: "+dead.Reason)
	a.Benchling.Faults.Clear(p.path)
	sent, err := queues.Send(ctx, []string{id})
	if err == nil && len(sent) != 1 {
		err = fmt.Errorf("%d dead letters sent again, not 1", len(sent))
	}
	return p.sent, err
}

// waitForDeadLetter returns the dead letter of a webhook.
func waitForDeadLetter(ctx context.Context, queues deadletters.Queues, id string) (deadletters.Event, error) {
	var dead deadletters.Event
	err := testbed.Until(ctx, deadLetterTimeout, func() (bool, string) {
		all, total, err := queues.List(ctx)
		for _, l := range all {
			if l.ID == id {
				dead = l
			}
		}
		return dead.ID != "" || err != nil, fmt.Sprintf("%s dead letters, %v", total, err)
	})
	return dead, err
}
