package actions

import (
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/testbed/emulator/emulatortest"
)

func TestKeptUntil(t *testing.T) {
	now, again := time.Unix(1_800_000_000, 0), 28*24*time.Hour
	at := func(left time.Duration) types.AttributeValue {
		return &types.AttributeValueMemberN{Value: strconv.FormatInt(now.Add(left).Unix(), 10)}
	}
	for name, c := range map[string]struct {
		value   types.AttributeValue
		claim   bool
		problem string
	}{
		"a claim":                 {at(30 * 24 * time.Hour), true, ""},
		"an entry":                {nil, false, ""},
		"a claim for good":        {nil, true, "a claim that nothing removes"},
		"an entry for a month":    {at(30 * 24 * time.Hour), false, "what is known of an entry would be forgotten"},
		"a claim for a day":       {at(24 * time.Hour), true, "the claim is removed in 1.0 days; 28 to 90 were due"},
		"a claim in milliseconds": {&types.AttributeValueMemberN{Value: "1800000000000"}, true, "the claim is removed in "},
		"a claim in text":         {&types.AttributeValueMemberS{Value: "1802592000"}, true, "is no number"},
		"a fraction":              {&types.AttributeValueMemberN{Value: "1802592000.5"}, true, "is no whole number of seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			err := keptUntil(c.value, c.claim, now, again)
			if c.problem == "" {
				assert.NilError(t, err)
				return
			}
			assert.ErrorContains(t, err, c.problem)
		})
	}
}

// TestMayComeAgain reads a queue and its dead letters from the local AWS.
func TestMayComeAgain(t *testing.T) {
	queues := sqs.NewFromConfig(emulatortest.Start(t).Config())
	create := func(name string, attributes map[string]string) string {
		made, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
		assert.NilError(t, err)
		return *made.QueueUrl
	}
	letters := create("letters", map[string]string{"MessageRetentionPeriod": "86400"})
	_, err := mayComeAgain(t.Context(), queues, letters)
	assert.ErrorContains(t, err, "it has no dead-letter queue")
	intake := create("intake", map[string]string{
		"MessageRetentionPeriod": "3600",
		"RedrivePolicy":          `{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:letters", "maxReceiveCount": "3"}`,
	})
	again, err := mayComeAgain(t.Context(), queues, intake)
	assert.NilError(t, err)
	assert.Equal(t, again, 25*time.Hour)
}
