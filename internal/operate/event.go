package operate

import (
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	// eventVersion is the version of a message's form.
	eventVersion = 1
	// pressedType is the type of a webhook of a button that was pressed: its entry is
	// exported at once, and Quilt is asked for a revision even if nothing has changed.
	pressedType = "v2.canvas.userInteracted"
	// backfillType is no type of Benchling's. Its entry is exported as after a change, and
	// Quilt is asked only if its last revision has something else.
	backfillType = "backfill.requested"
	// noCanvas stands for the canvas in an event that no canvas has sent.
	noCanvas = "verify"
)

// entryID is the pattern of an entry's ID in Benchling's API, not of its display ID.
var entryID = regexp.MustCompile(`^etr_[A-Za-z0-9_-]{1,96}$`)

// checkEntryID refuses what is no entry's ID.
func checkEntryID(text string) error {
	if entryID.MatchString(text) {
		return nil
	}
	return fmt.Errorf("%q: no entry ID; write the one of Benchling's API, such as etr_tv7m7B78, which `make logs` shows", text)
}

// event is an entry's event in the form in which the intake queue has it.
//
// docker/src/queues/event.py reads it; testdata/events.json, which tests of both
// languages read, keeps the two alike.
type event struct {
	Version   int    `json:"version"`
	WebhookID string `json:"webhook_id"`
	// ReceivedAt is in seconds since 1970, to the millisecond, as DynamoDB keeps it.
	ReceivedAt float64      `json:"received_at"`
	EntryID    string       `json:"entry_id"`
	Payload    eventPayload `json:"payload"`
}

type eventPayload struct {
	Message eventMessage `json:"message"`
}

type eventMessage struct {
	Type       string `json:"type"`
	ResourceID string `json:"resourceId,omitempty"`
	CanvasID   string `json:"canvasId,omitempty"`
	ButtonID   string `json:"buttonId,omitempty"`
}

// newVerifyID returns a webhook ID that no other event has.
func newVerifyID() string { return "verify_" + rand.Text() }

// pressedEvent returns the event of a press of the button that asks for an export.
func pressedEvent(webhookID, entry string, at time.Time) event {
	return newEvent(webhookID, entry, at, eventMessage{Type: pressedType, CanvasID: noCanvas, ButtonID: "update-package-" + entry})
}

// backfillEvent returns the event of a backfill, whose webhook ID is the same each time.
func backfillEvent(backfill, entry string, at time.Time) event {
	return newEvent("backfill_"+backfill+"_"+entry, entry, at, eventMessage{Type: backfillType, ResourceID: entry})
}

func newEvent(webhookID, entry string, at time.Time, message eventMessage) event {
	return event{eventVersion, webhookID, float64(at.UnixMilli()) / 1000, entry, eventPayload{message}}
}

// intake is the intake queue.
type intake struct {
	client *sqs.Client
	url    string
}

// send queues an event behind the entry's others. Within five minutes SQS takes a
// webhook ID once, and a claim makes one work of it at any time.
//
// Source: Amazon SQS API Reference, SendMessage.
func (q intake) send(ctx context.Context, e event) error {
	body, err := encode(e)
	if err != nil {
		return err
	}
	_, err = q.client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl: aws.String(q.url), MessageBody: aws.String(string(body)),
		MessageGroupId: aws.String(e.EntryID), MessageDeduplicationId: aws.String(e.WebhookID),
	})
	if err != nil {
		return refused("sqs:SendMessage", q.url, err)
	}
	return nil
}

// outstanding returns about how many events wait or are in work. The number of the last
// minute may be another.
//
// Source: Amazon SQS API Reference, GetQueueAttributes.
func (q intake) outstanding(ctx context.Context) (int, error) {
	names := []types.QueueAttributeName{types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible}
	got, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(q.url), AttributeNames: names})
	if err != nil {
		return 0, refused("sqs:GetQueueAttributes", q.url, err)
	}
	total := 0
	for _, name := range names {
		count, err := strconv.Atoi(got.Attributes[string(name)])
		if err != nil {
			return 0, fmt.Errorf("%s: %s: %q is no number; try again", q.url, name, got.Attributes[string(name)])
		}
		total += count
	}
	return total, nil
}
