package simulation

import "slices"

// Event is one that Benchling was acknowledged.
type Event struct {
	// At is when it was acknowledged, Export how long its export takes, and PutOff
	// how long its first attempt hides it: all in seconds.
	At, Export, PutOff int
	// Entry is the entry that was edited, the message's group.
	Entry int
	// Begun and Done are when its last attempt began and ended.
	Begun, Done int

	hiddenUntil int
	tried       bool
}

// attemptThatFails is how long an attempt takes that ends by putting the event
// off, in seconds.
const attemptThatFails = 5

// Queue is SQS's FIFO queue of events: in order, and none of an entry whose
// earlier event is in work or hidden.
//
// Source: SQS Developer Guide, "FIFO queue delivery logic".
type Queue struct {
	waiting []*Event
	// taken are in work or hidden.
	taken []*Event
}

// Send adds an event.
func (q *Queue) Send(e *Event) { q.waiting = append(q.waiting, e) }

// Receive returns the first event whose entry has none in flight, or nil.
func (q *Queue) Receive(at int) *Event {
	for i, e := range q.waiting {
		if !slices.ContainsFunc(q.taken, func(other *Event) bool { return other.Entry == e.Entry }) {
			q.waiting = slices.Delete(q.waiting, i, i+1)
			q.taken = append(q.taken, e)
			return e
		}
	}
	return nil
}

// Delete removes an event that is done.
func (q *Queue) Delete(e *Event) {
	q.taken = slices.DeleteFunc(q.taken, func(other *Event) bool { return other == e })
}

// Hide keeps an event from receivers until a time in seconds.
func (q *Queue) Hide(e *Event, until int) { e.hiddenUntil = until }

// Reveal makes visible again, first in line, what was hidden until a time.
func (q *Queue) Reveal(at int) {
	for i := len(q.taken) - 1; i >= 0; i-- {
		if e := q.taken[i]; e.hiddenUntil != 0 && e.hiddenUntil <= at {
			e.hiddenUntil = 0
			q.taken = slices.Delete(q.taken, i, i+1)
			q.waiting = slices.Insert(q.waiting, 0, e)
		}
	}
}

// Publish adds the queue's metrics of a minute, as SQS does: the age is that of
// the oldest event that isn't deleted, hidden or not, and absent from an empty
// queue. A worker that polls keeps the queue active, so that zeros are published.
//
// Source: SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS".
func (q *Queue) Publish(metrics Metrics, dimensions string, at int) {
	publish := func(name string, value int) {
		metrics.Publish(Metric{"AWS/SQS", name, dimensions}, at, float64(value))
	}
	publish("ApproximateNumberOfMessagesVisible", len(q.waiting))
	publish("ApproximateNumberOfMessagesNotVisible", len(q.taken))
	publish("ApproximateNumberOfMessagesDelayed", 0)
	oldest := at
	for _, e := range append(slices.Clone(q.waiting), q.taken...) {
		oldest = min(oldest, e.At)
	}
	if len(q.waiting)+len(q.taken) > 0 {
		publish("ApproximateAgeOfOldestMessage", at-oldest)
	}
}
