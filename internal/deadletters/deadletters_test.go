package deadletters

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"gotest.tools/v3/assert"
)

func TestLetterOfAMessage(t *testing.T) {
	text := func(value string) types.MessageAttributeValue {
		return types.MessageAttributeValue{StringValue: aws.String(value)}
	}
	event := read(types.Message{
		MessageId: aws.String("m1"), Body: aws.String(`{"webhook_id": "wh_1", "entry_id": "etr_1"}`), ReceiptHandle: aws.String("r"),
		Attributes:        map[string]string{"MessageGroupId": "etr_1"},
		MessageAttributes: map[string]types.MessageAttributeValue{"reason": text("the entry: Benchling answered 404"), "tries": text("5"), "failed_at": text("2026-01-02T03:04:05+00:00")},
	})
	assert.Equal(t, event, Event{
		ID: "wh_1", Entry: "etr_1", Reason: "the entry: Benchling answered 404", Attempts: "5", FailedAt: "2026-01-02T03:04:05+00:00",
		body: `{"webhook_id": "wh_1", "entry_id": "etr_1"}`, group: "etr_1", receipt: "r",
	})
	silent := read(types.Message{MessageId: aws.String("m2"), Body: aws.String("no JSON")})
	assert.Equal(t, silent.ID+silent.Entry, "m2")
	assert.Equal(t, silent.Reason, noReason)
}

func TestChoice(t *testing.T) {
	events := []Event{{ID: "a"}, {ID: "b"}, {ID: "c"}}
	wanted, left, err := choose(events, IDs(" a, c,"))
	assert.NilError(t, err)
	assert.Equal(t, len(wanted), 2)
	assert.Equal(t, left[0].ID, "b")
	wanted, left, err = choose(events, IDs(All))
	assert.NilError(t, err)
	assert.Equal(t, len(wanted), 3)
	assert.Equal(t, len(left), 0)
	_, _, err = choose(events, IDs("a,x,y"))
	assert.Error(t, err, "SEND: \"x\": no such dead letter: choose from the list of `make redrive`\nSEND: \"y\": no such dead letter: choose from the list of `make redrive`")
}

func TestDeduplicationIDFits(t *testing.T) {
	at := time.UnixMilli(1700000000123)
	assert.Equal(t, deduplication("wh_1", at), "wh_1:redrive:1700000000123")
	for _, id := range []string{strings.Repeat("x", 120), "with space"} {
		assert.Equal(t, len(deduplication(id, at)), 64)
	}
}
