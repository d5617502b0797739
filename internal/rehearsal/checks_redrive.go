package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"benchlingwebhook/internal/deadletters"
	"benchlingwebhook/internal/testbed/benchling"
)

const (
	// letterTimeout bounds the time from an event to its dead letter. What
	// Benchling refuses is tried once.
	letterTimeout = time.Minute
	poisonTries   = "1"
)

// poison is an event whose entry Benchling refuses.
type poison struct {
	entry string
	path  string
	sent  accepted
}

// sendPoison sends an event that fails every time.
func (r *rehearsal) sendPoison(ctx context.Context) (poison, error) {
	p := poison{entry: "etr_" + benchling.RandomText()}
	p.path = apiPath + "v2/entries/" + p.entry
	r.benchling.Faults.Inject(benchling.Fault{Path: p.path, Status: http.StatusForbidden})
	l := newLoad()
	r.deliver(ctx, l, p.entry)
	var err error
	p.sent, err = l.wait()
	return p, err
}

// redrive waits for the poison's dead letter, heals its cause and sends it again.
func (r *rehearsal) redrive(ctx context.Context, p poison) (accepted, error) {
	queues, err := deadletters.OfStack(ctx, r.emulator.Config(), stackName)
	if err != nil {
		return accepted{}, err
	}
	id := p.sent.entries[p.entry]
	letter, err := waitForLetter(ctx, queues, id)
	if err != nil {
		return accepted{}, err
	}
	if letter.Entry != p.entry || letter.Tries != poisonTries || !strings.Contains(letter.Reason, "403") {
		return accepted{}, fmt.Errorf("dead letter %+v: not the entry %s, %s tries and a reason with 403", letter, p.entry, poisonTries)
	}
	fmt.Fprintln(r.rows, "dead letter: "+letter.Reason)
	r.benchling.Faults.Heal(p.path)
	sent, err := queues.Send(ctx, []string{id})
	if err == nil && len(sent) != 1 {
		err = fmt.Errorf("%d letters sent again, not 1", len(sent))
	}
	return p.sent, err
}

// waitForLetter returns the dead letter of a webhook.
func waitForLetter(ctx context.Context, queues deadletters.Queues, id string) (deadletters.Letter, error) {
	var letter deadletters.Letter
	err := until(ctx, letterTimeout, func() (bool, string) {
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
