package stage

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
	// sendAgainAfter is how long a sender waits after a response that isn't 200.
	sendAgainAfter = 250 * time.Millisecond
	// SendTimeout bounds how often an event is sent again. It is longer than the
	// minute for which the service asks no second time for a rotated key.
	SendTimeout = 90 * time.Second
)

// Accepted is what Benchling knows after it has sent events.
type Accepted struct {
	// Entries has the webhook ID of every event that got its 200, by entry.
	Entries map[string]string
	// At has when each of them was sent that got its 200, by entry.
	At map[string]time.Time
	// Signatures are those of all events that were sent.
	Signatures []string
	// Repeated counts the requests that got no 200, each of which was repeated.
	Repeated int
	// Statuses counts the responses; 0 is none.
	Statuses map[int]int
	// Slowest is the longest time that a response took.
	Slowest time.Duration
}

// Load sends events as Benchling does: each again until it gets its 200.
type Load struct {
	lock   sync.Mutex
	sent   Accepted
	faults []error
	all    sync.WaitGroup
}

// NewLoad returns a load of which nothing is sent.
func NewLoad() *Load {
	return &Load{sent: Accepted{Entries: map[string]string{}, At: map[string]time.Time{}, Statuses: map[int]int{}}}
}

// StartLoad sends one event for each of n new entries, a pause between two.
func (s *Stage) StartLoad(ctx context.Context, n int, prefix string, pause time.Duration) *Load {
	l := NewLoad()
	l.all.Add(1)
	go func() {
		defer l.all.Done()
		for range n {
			l.all.Add(1)
			go func() {
				defer l.all.Done()
				s.Deliver(ctx, l, prefix+benchling.RandomText())
			}()
			time.Sleep(pause)
		}
	}()
	return l
}

// Deliver sends the event of an entry until it is accepted.
func (s *Stage) Deliver(ctx context.Context, l *Load, entry string) {
	webhook, err := s.App.Event(entry, time.Now())
	if err != nil {
		l.fail(err)
		return
	}
	l.RecordSignature(webhook.Signature)
	s.Send(ctx, l, entry, webhook)
}

// Send sends a webhook of an entry until it is accepted.
func (s *Stage) Send(ctx context.Context, l *Load, entry string, webhook benchling.Webhook) {
	deadline := time.Now().Add(SendTimeout)
	for {
		sent := time.Now()
		status, body, err := s.Post(ctx, "/event", webhook)
		if l.Record(status, entry, webhook.ID, sent) {
			return
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			l.fail(fmt.Errorf("/event: status %d, %s, %v: still no 200 after %s", status, body, err, SendTimeout))
			return
		}
		time.Sleep(sendAgainAfter)
	}
}

// Record notes the response to an event, and returns whether it is accepted; 0 is
// no response.
func (l *Load) Record(status int, entry, webhook string, sent time.Time) bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.sent.Statuses[status]++
	l.sent.Slowest = max(l.sent.Slowest, time.Since(sent))
	if status == http.StatusOK {
		l.sent.Entries[entry] = webhook
		l.sent.At[entry] = sent
		return true
	}
	l.sent.Repeated++
	return false
}

// RecordSignature notes the signature of an event that is about to be sent.
func (l *Load) RecordSignature(signature string) {
	_, code, _ := strings.Cut(signature, ",")
	l.lock.Lock()
	defer l.lock.Unlock()
	l.sent.Signatures = append(l.sent.Signatures, code)
}

func (l *Load) fail(err error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.faults = append(l.faults, err)
}

// Count returns how often there was a response of a status so far.
func (l *Load) Count(status int) int {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.sent.Statuses[status]
}

// Sent returns what was sent so far.
func (l *Load) Sent() Accepted {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.sent
}

// Wait returns when every event is accepted, or fails with the first that isn't.
func (l *Load) Wait() (Accepted, error) {
	l.all.Wait()
	if len(l.faults) > 0 {
		return Accepted{}, fmt.Errorf("%d events: %w", len(l.faults), l.faults[0])
	}
	return l.sent, nil
}

// SendEvents sends EventsAtOnce events, all of which must be accepted at once.
func (s *Stage) SendEvents(ctx context.Context) (Accepted, error) {
	sent, err := s.StartLoad(ctx, EventsAtOnce, "etr_", 0).Wait()
	if err == nil {
		err = sent.Only200()
	}
	return sent, err
}

// Responses lists the statuses: "200: 6, 503: 2"; status 0 is a broken connection.
func (a Accepted) Responses() string {
	text := ""
	for _, status := range slices.Sorted(maps.Keys(a.Statuses)) {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%d: %d", status, a.Statuses[status])
	}
	return text
}

// Only200 returns an error where an event had another response than 200.
func (a Accepted) Only200() error {
	if a.Repeated > 0 {
		return fmt.Errorf("/event: responses %s: only 200 was due", a.Responses())
	}
	return nil
}
