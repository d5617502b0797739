package limits

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// maxInFlight is how many messages of a standard queue may be in flight.
	maxInFlight = 120_000
	// callsASecond is what a FIFO queue takes of an action without high throughput.
	callsASecond = 300
	// defaultHiddenSeconds is a queue's visibility timeout unless it has its own.
	defaultHiddenSeconds = 30
)

// queue is what is known of a queue.
type queue struct {
	// flights are the messages in flight by their receipts.
	flights map[string]flight
	// calls are the times of the calls within the last second, by action.
	calls map[string][]time.Time
}

// flight is a message that was received and not deleted.
type flight struct{ received, until time.Time }

// queue returns what is known of the queue at a URL.
func (c *Checker) queue(url string) *queue {
	q := c.queues[url]
	if q == nil {
		q = &queue{flights: map[string]flight{}, calls: map[string][]time.Time{}}
		c.queues[url] = q
	}
	return q
}

// checkRate returns the refusal of a call to a FIFO queue that has had its calls of
// this second, or nil. A batch is one call of its action.
func (c *Checker) checkRate(operation string, r *sqsRequest) *Refusal {
	action := strings.TrimSuffix(operation, "Batch")
	if !r.fifo() || !slices.Contains([]string{"SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility"}, action) {
		return nil
	}
	now, q := c.now(), c.queue(r.QueueURL)
	q.calls[action] = slices.DeleteFunc(q.calls[action], func(it time.Time) bool { return now.Sub(it) >= time.Second })
	if len(q.calls[action]) >= callsASecond {
		return refused(SQSThroughput, "RequestThrottled", fmt.Sprintf("The queue takes %d calls of %s a second.", callsASecond, action))
	}
	q.calls[action] = append(q.calls[action], now)
	return nil
}

// checkInFlight returns the refusal of a call to receive from a standard queue that
// has as many messages in flight as it may, or nil.
func (c *Checker) checkInFlight(r *sqsRequest) *Refusal {
	now, q := c.now(), c.queue(r.QueueURL)
	for receipt, it := range q.flights {
		if !now.Before(it.until) {
			delete(q.flights, receipt)
		}
	}
	if !r.fifo() && len(q.flights) >= c.inFlight {
		return refused(SQSInFlight, "OverLimit", "Too many messages in flight: delete those that have been processed.")
	}
	return nil
}

// Received takes a request that AWS has responded to, and remembers the messages that
// are in flight by it.
func (c *Checker) Received(target string, request, response []byte) {
	var asked sqsRequest
	var got struct {
		Messages []struct{ ReceiptHandle string }
	}
	if target != "AmazonSQS.ReceiveMessage" || json.Unmarshal(request, &asked) != nil || json.Unmarshal(response, &got) != nil {
		return
	}
	seconds := defaultHiddenSeconds
	if asked.VisibilityTimeout != nil {
		seconds = *asked.VisibilityTimeout
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	now := c.now()
	for _, message := range got.Messages {
		c.queue(asked.QueueURL).flights[message.ReceiptHandle] = flight{now, now.Add(time.Duration(seconds) * time.Second)}
	}
}

// checkVisibility returns the refusal of a change of a message's visibility, or nil;
// then it is remembered.
func (c *Checker) checkVisibility(url, receipt string, seconds *int) *Refusal {
	if refusal := outside(SQSVisibility, "VisibilityTimeout", seconds, 0, maxHiddenSeconds); refusal != nil || seconds == nil {
		return refusal
	}
	q := c.queue(url)
	it, known := q.flights[receipt]
	if !known {
		return nil
	}
	until := c.now().Add(time.Duration(*seconds) * time.Second)
	if until.Sub(it.received) > maxHiddenSeconds*time.Second {
		return invalid(SQSVisibilityTotal, fmt.Sprint(*seconds), "VisibilityTimeout", fmt.Sprintf("Total VisibilityTimeout for the message is beyond the limit [%d seconds]", maxHiddenSeconds))
	}
	q.flights[receipt] = flight{it.received, until}
	return nil
}

// deleted forgets a message.
func (c *Checker) deleted(url, receipt string) { delete(c.queue(url).flights, receipt) }
