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
	// All chooses every letter.
	All = "all"
	// hideSeconds is how long the letters stay hidden if this process dies; it
	// shows them again itself when it ends.
	hideSeconds = 60
	// noReason stands in for what a letter of SQS itself lacks.
	noReason = "killed its worker: look for the ID in the worker's log"
)

// identifier matches what SQS takes as a deduplication ID.
var identifier = regexp.MustCompile(`^[!-~]{1,128}$`)

// Letter is an event that failed for good.
type Letter struct {
	// ID is the webhook's, or the message's where the body isn't an event.
	ID string
	// Entry is the Benchling entry: empty where the body isn't an event.
	Entry string
	// Reason says why the last try failed.
	Reason string
	// Tries and FailedAt are empty where the worker died without a word.
	Tries, FailedAt string

	body, group, receipt string
}

// Queues are where letters lie and where events go.
type Queues struct {
	Client                   *sqs.Client
	DeadLetterURL, IntakeURL string
}

// List returns the letters, and how many there are in all: of one entry, SQS
// shows at most ten at a time.
func (q Queues) List(ctx context.Context) (letters []Letter, total string, err error) {
	letters, err = q.take(ctx)
	err = errors.Join(err, q.show(ctx, letters))
	if err != nil {
		return nil, "", err
	}
	total, err = q.count(ctx)
	return letters, total, err
}

// Send sends letters again by their IDs, or all of them, and returns the IDs
// that it sent. A letter is deleted after the intake queue has its event; if it
// is sent twice, the claims keep it from having two effects. An ID without a
// letter is an error, and then nothing is sent.
func (q Queues) Send(ctx context.Context, chosen []string) (sent []string, err error) {
	letters, err := q.take(ctx)
	if err != nil {
		return nil, errors.Join(err, q.show(ctx, letters))
	}
	wanted, left, err := choose(letters, chosen)
	if err != nil {
		return nil, errors.Join(err, q.show(ctx, letters))
	}
	for i, letter := range wanted {
		if err := q.sendOne(ctx, letter); err != nil {
			return sent, errors.Join(fmt.Errorf("%s: %w", letter.ID, err), q.show(ctx, append(left, wanted[i:]...)))
		}
		sent = append(sent, letter.ID)
	}
	return sent, q.show(ctx, left)
}

// choose splits the letters; every ID that has none is in the error.
func choose(letters []Letter, ids []string) (wanted, left []Letter, err error) {
	missing := map[string]bool{}
	for _, id := range ids {
		missing[id] = id != All
	}
	for _, letter := range letters {
		if _, found := missing[letter.ID]; found || len(ids) == 1 && ids[0] == All {
			wanted = append(wanted, letter)
			missing[letter.ID] = false
			continue
		}
		left = append(left, letter)
	}
	var problems []error
	for _, id := range ids {
		if missing[id] {
			problems = append(problems, fmt.Errorf("SEND: %q: no such dead letter: choose from the list of `make redrive`", id))
		}
	}
	return wanted, left, errors.Join(problems...)
}

// take receives all letters that SQS gives out, and so hides them.
func (q Queues) take(ctx context.Context) ([]Letter, error) {
	var letters []Letter
	for {
		response, err := q.Client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(q.DeadLetterURL), MaxNumberOfMessages: 10, VisibilityTimeout: hideSeconds, WaitTimeSeconds: 1,
			MessageAttributeNames:       []string{"All"},
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameMessageGroupId},
		})
		if err != nil || len(response.Messages) == 0 {
			return letters, err
		}
		for _, m := range response.Messages {
			letters = append(letters, read(m))
		}
	}
}

// read returns the letter of a message.
func read(m types.Message) Letter {
	attribute := func(name string) string { return aws.ToString(m.MessageAttributes[name].StringValue) }
	letter := Letter{
		ID:       aws.ToString(m.MessageId),
		Reason:   attribute("reason"),
		Tries:    attribute("tries"),
		FailedAt: attribute("failed_at"),
		body:     aws.ToString(m.Body),
		group:    m.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)],
		receipt:  aws.ToString(m.ReceiptHandle),
	}
	if letter.Reason == "" {
		letter.Reason = noReason
	}
	var event struct {
		WebhookID string `json:"webhook_id"`
		EntryID   string `json:"entry_id"`
	}
	if json.Unmarshal([]byte(letter.body), &event) == nil && event.WebhookID != "" {
		letter.ID, letter.Entry = event.WebhookID, event.EntryID
	}
	return letter
}

// sendOne sends a letter's event, then deletes the letter.
func (q Queues) sendOne(ctx context.Context, letter Letter) error {
	_, err := q.Client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:               aws.String(q.IntakeURL),
		MessageBody:            aws.String(letter.body),
		MessageGroupId:         aws.String(letter.group),
		MessageDeduplicationId: aws.String(deduplication(letter.ID, time.Now())),
	})
	if err != nil {
		return err
	}
	_, err = q.Client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: aws.String(q.DeadLetterURL), ReceiptHandle: aws.String(letter.receipt)})
	return err
}

// deduplication returns an ID that SQS hasn't seen: the webhook's own was seen
// with the first try.
func deduplication(id string, now time.Time) string {
	text := fmt.Sprintf("%s:redrive:%d", id, now.UnixMilli())
	if identifier.MatchString(text) {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// show makes letters visible again at once.
func (q Queues) show(ctx context.Context, letters []Letter) error {
	var problems []error
	for _, letter := range letters {
		_, err := q.Client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
			QueueUrl: aws.String(q.DeadLetterURL), ReceiptHandle: aws.String(letter.receipt), VisibilityTimeout: 0,
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
