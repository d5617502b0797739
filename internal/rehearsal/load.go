package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"benchlingwebhook/internal/testbed/benchling"
)

const (
	// sendAgainAfter is how long a sender waits after an answer that isn't 200.
	sendAgainAfter = 250 * time.Millisecond
	// sendTimeout bounds how often an event is sent again. It is longer than the
	// minute for which the service asks no second time for a rotated key.
	sendTimeout = 90 * time.Second
)

// accepted is what Benchling knows after it has sent events.
type accepted struct {
	// entries has the webhook ID of every event that got its 200, by entry.
	entries map[string]string
	// at has when each of them was sent that got its 200, by entry.
	at map[string]time.Time
	// signatures are those of all events that were sent.
	signatures []string
	// again counts the requests that got no 200, each of which was repeated.
	again int
	// statuses counts the answers; 0 is none.
	statuses map[int]int
	// slowest is the longest time that an answer took.
	slowest time.Duration
}

// load sends events as Benchling does: each again until it gets its 200.
type load struct {
	lock   sync.Mutex
	sent   accepted
	faults []error
	all    sync.WaitGroup
}

func newLoad() *load {
	return &load{sent: accepted{entries: map[string]string{}, at: map[string]time.Time{}, statuses: map[int]int{}}}
}

// startLoad sends one event for each of n new entries, a pause between two. Each
// goes to the web task of its moment.
func (r *rehearsal) startLoad(ctx context.Context, n int, prefix string, pause time.Duration) *load {
	l := newLoad()
	l.all.Add(1)
	go func() {
		defer l.all.Done()
		for range n {
			l.all.Add(1)
			go func() {
				defer l.all.Done()
				r.deliver(ctx, l, prefix+benchling.RandomText())
			}()
			time.Sleep(pause)
		}
	}()
	return l
}

// deliver sends the event of an entry until it is accepted.
func (r *rehearsal) deliver(ctx context.Context, l *load, entry string) {
	webhook, err := r.event(r.key, r.appDefinition, entry, time.Now())
	if err != nil {
		l.fail(err)
		return
	}
	l.signed(webhook.Signature)
	r.send(ctx, l, entry, webhook)
}

// send sends a webhook of an entry until it is accepted.
func (r *rehearsal) send(ctx context.Context, l *load, entry string, webhook benchling.Webhook) {
	deadline := time.Now().Add(sendTimeout)
	for {
		sent := time.Now()
		status, body, err := post(ctx, r.web.Load().url+"/event", webhook)
		if l.answered(status, entry, webhook.ID, sent) {
			return
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			l.fail(fmt.Errorf("/event: status %d, %s, %v: still no 200 after %s", status, body, err, sendTimeout))
			return
		}
		time.Sleep(sendAgainAfter)
	}
}

func (l *load) answered(status int, entry, webhook string, sent time.Time) bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.sent.statuses[status]++
	l.sent.slowest = max(l.sent.slowest, time.Since(sent))
	if status == http.StatusOK {
		l.sent.entries[entry] = webhook
		l.sent.at[entry] = sent
		return true
	}
	l.sent.again++
	return false
}

func (l *load) signed(signature string) {
	_, code, _ := strings.Cut(signature, ",")
	l.lock.Lock()
	defer l.lock.Unlock()
	l.sent.signatures = append(l.sent.signatures, code)
}

func (l *load) fail(err error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.faults = append(l.faults, err)
}

// count returns how often a status was answered so far.
func (l *load) count(status int) int {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.sent.statuses[status]
}

// wait returns when every event is accepted, or fails with the first that isn't.
func (l *load) wait() (accepted, error) {
	l.all.Wait()
	if len(l.faults) > 0 {
		return accepted{}, fmt.Errorf("%d events: %w", len(l.faults), l.faults[0])
	}
	return l.sent, nil
}

// sendEvents sends eventsAtOnce events, all of which must be accepted at once.
func (r *rehearsal) sendEvents(ctx context.Context) (accepted, error) {
	sent, err := r.startLoad(ctx, eventsAtOnce, "etr_", 0).wait()
	if err == nil && sent.again > 0 {
		err = fmt.Errorf("/event: answers %s: only 200 was due", sent.seen())
	}
	return sent, err
}

// seen lists the answers: "200: 6, 503: 2"; status 0 is a broken connection.
func (a accepted) seen() string {
	text := ""
	for _, status := range slices.Sorted(maps.Keys(a.statuses)) {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%d: %d", status, a.statuses[status])
	}
	return text
}
