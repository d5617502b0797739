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
	// letterTimeout bounds the time from an event to its dead letter. What
	// Benchling refuses is tried once.
	letterTimeout  = time.Minute
	poisonAttempts = "1"
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
	letter, err := waitForLetter(ctx, queues, id)
	if err != nil {
		return stage.Accepted{}, err
	}
	if letter.Entry != p.entry || letter.Tries != poisonAttempts || !strings.Contains(letter.Reason, "403") {
		return stage.Accepted{}, fmt.Errorf("dead letter %+v: not the entry %s, %s attempts and a reason with 403", letter, p.entry, poisonAttempts)
	}
	fmt.Fprintln(a.Report, "dead letter: "+letter.Reason)
	a.Benchling.Faults.Clear(p.path)
	sent, err := queues.Send(ctx, []string{id})
	if err == nil && len(sent) != 1 {
		err = fmt.Errorf("%d letters sent again, not 1", len(sent))
	}
	return p.sent, err
}

// waitForLetter returns the dead letter of a webhook.
func waitForLetter(ctx context.Context, queues deadletters.Queues, id string) (deadletters.Letter, error) {
	var letter deadletters.Letter
	err := testbed.Until(ctx, letterTimeout, func() (bool, string) {
		letters, total, err := queues.List(ctx)
		for _, l := range letters {
			if l.ID == id {
				letter = l
			}
		}
		return letter.ID != "" || err != nil, fmt.Sprintf("%s dead letters, %v", total, err)
	})
	return letter, err
}
