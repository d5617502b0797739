// Package deadletters lists the events that failed for good, and sends chosen
// ones again.
package deadletters

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	// All chooses every dead letter.
	All = "all"
	// hideSeconds is how long the dead letters stay hidden if this process dies; it
	// shows them again itself when it ends.
	hideSeconds = 60
	// noReason stands in for what a dead letter of SQS itself lacks.
	noReason = "killed its worker: look for the ID in the worker's log"
)

// identifier matches what SQS takes as a deduplication ID.
var identifier = regexp.MustCompile(`^[!-~]{1,128}$`)

// Event is an event that failed for good.
type Event struct {
	// ID is the webhook's, or the message's where the body isn't an event.
	ID string
	// Entry is the Benchling entry: empty where the body isn't an event.
	Entry string
	// Reason says why the last attempt failed.
	Reason string
	// Attempts and FailedAt are empty where the worker died and left no reason.
	Attempts, FailedAt string

	body, group, receipt string
}

// Queues are where dead letters lie and where events go.
type Queues struct {
	Client                   *sqs.Client
	DeadLetterURL, IntakeURL string
}

// List returns the dead letters, and how many there are in all: of one entry, SQS
// shows at most ten at a time.
func (q Queues) List(ctx context.Context) (events []Event, total string, err error) {
	events, err = q.take(ctx)
	err = errors.Join(err, q.show(ctx, events))
	if err != nil {
		return nil, "", err
	}
	total, err = q.count(ctx)
	return events, total, err
}

// Send sends dead letters again by their IDs, or all of them, and returns the IDs
// that it sent. A dead letter is deleted after the intake queue has its event; if it
// is sent twice, the claims keep it from having two effects. An ID without a
// dead letter is an error, and then nothing is sent.
func (q Queues) Send(ctx context.Context, chosen []string) (sent []string, err error) {
	events, err := q.take(ctx)
	if err != nil {
		return nil, errors.Join(err, q.show(ctx, events))
	}
	wanted, left, err := choose(events, chosen)
	if err != nil {
		return nil, errors.Join(err, q.show(ctx, events))
	}
	for i, event := range wanted {
		if err := q.sendOne(ctx, event); err != nil {
			return sent, errors.Join(fmt.Errorf("%s: %w", event.ID, err), q.show(ctx, append(left, wanted[i:]...)))
		}
		sent = append(sent, event.ID)
	}
	return sent, q.show(ctx, left)
}

// choose splits the dead letters; every ID that has none is in the error.
func choose(events []Event, ids []string) (wanted, left []Event, err error) {
	missing := map[string]bool{}
	for _, id := range ids {
		missing[id] = id != All
	}
	for _, event := range events {
		if _, found := missing[event.ID]; found || len(ids) == 1 && ids[0] == All {
			wanted = append(wanted, event)
			missing[event.ID] = false
			continue
		}
		left = append(left, event)
	}
	var problems []error
	for _, id := range ids {
		if missing[id] {
			problems = append(problems, fmt.Errorf("SEND: %q: no such dead letter: choose from the list of `make redrive`", id))
		}
	}
	return wanted, left, errors.Join(problems...)
}

// take receives all dead letters that SQS gives out, and so hides them.
func (q Queues) take(ctx context.Context) ([]Event, error) {
	var events []Event
	for {
		response, err := q.Client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(q.DeadLetterURL), MaxNumberOfMessages: 10, VisibilityTimeout: hideSeconds, WaitTimeSeconds: 1,
			MessageAttributeNames:       []string{"All"},
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameMessageGroupId},
		})
		if err != nil || len(response.Messages) == 0 {
			return events, err
		}
		for _, m := range response.Messages {
			events = append(events, read(m))
		}
	}
}

// read returns the dead letter of a message.
func read(m types.Message) Event {
	attribute := func(name string) string { return aws.ToString(m.MessageAttributes[name].StringValue) }
	event := Event{
		ID:     aws.ToString(m.MessageId),
		Reason: attribute("reason"),
		// The wire keeps the name that earlier releases wrote.
		Attempts: attribute("tries"),
		FailedAt: attribute("failed_at"),
		body:     aws.ToString(m.Body),
		group:    m.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)],
		receipt:  aws.ToString(m.ReceiptHandle),
	}
	if event.Reason == "" {
		event.Reason = noReason
	}
	var body struct {
		WebhookID string `json:"webhook_id"`
		EntryID   string `json:"entry_id"`
	}
	if json.Unmarshal([]byte(event.body), &body) == nil && body.WebhookID != "" {
		event.ID, event.Entry = body.WebhookID, body.EntryID
	}
	return event
}

// sendOne sends a dead letter's event, then deletes the dead letter.
func (q Queues) sendOne(ctx context.Context, event Event) error {
	_, err := q.Client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:               aws.String(q.IntakeURL),
		MessageBody:            aws.String(event.body),
		MessageGroupId:         aws.String(event.group),
		MessageDeduplicationId: aws.String(deduplication(event.ID, time.Now())),
	})
	if err != nil {
		return err
	}
	_, err = q.Client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: aws.String(q.DeadLetterURL), ReceiptHandle: aws.String(event.receipt)})
	return err
}

// deduplication returns an ID that SQS hasn't seen: the webhook's own was seen
// with the first attempt.
func deduplication(id string, now time.Time) string {
	text := fmt.Sprintf("%s:redrive:%d", id, now.UnixMilli())
	if identifier.MatchString(text) {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// show makes dead letters visible again at once.
func (q Queues) show(ctx context.Context, events []Event) error {
	var problems []error
	for _, event := range events {
		_, err := q.Client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
			QueueUrl: aws.String(q.DeadLetterURL), ReceiptHandle: aws.String(event.receipt), VisibilityTimeout: 0,
		})
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func (q Queues) count(ctx context.Context) (string, error) {
	names := []types.QueueAttributeName{types.QueueAttributeNameApproximateNumberOfMessages}
	response, err := q.Client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(q.DeadLetterURL), AttributeNames: names})
	if err != nil {
		return "", err
	}
	return response.Attributes[string(names[0])], nil
}

// IDs splits what a person chose: IDs with commas between, or "all".
func IDs(text string) []string {
	var ids []string
	for _, id := range strings.Split(text, ",") {
		if id = strings.TrimSpace(id); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}
