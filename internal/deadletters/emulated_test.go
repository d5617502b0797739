package deadletters_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"gotest.tools/v3/assert"

	"benchlingwebhook/internal/deadletters"
	"benchlingwebhook/internal/testbed/emulator/emulatortest"
)

// TestQueuesOfTheEmulator lists dead letters without hiding them, sends one, then the
// rest.
func TestQueuesOfTheEmulator(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cloud := emulatortest.Start(t)
	client := sqs.NewFromConfig(cloud.Config())
	queue := func(name string) string {
		made, err := client.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: map[string]string{"FifoQueue": "true"}})
		assert.NilError(t, err)
		return aws.ToString(made.QueueUrl)
	}
	queues := deadletters.Queues{Client: client, DeadLetterURL: queue("dead.fifo"), IntakeURL: queue("intake.fifo")}
	text := func(value string) types.MessageAttributeValue {
		return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
	}
	for _, id := range []string{"wh_1", "wh_2", "wh_3"} {
		_, err := client.SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl: aws.String(queues.DeadLetterURL), MessageBody: aws.String(`{"webhook_id": "` + id + `", "entry_id": "etr_1"}`),
			MessageGroupId: aws.String("etr_1"), MessageDeduplicationId: aws.String(id),
			MessageAttributes: map[string]types.MessageAttributeValue{"reason": text("because"), "tries": text("5"), "failed_at": text("now")},
		})
		assert.NilError(t, err)
	}

	for range 2 {
		events, total, err := queues.List(ctx)
		assert.NilError(t, err)
		assert.Equal(t, total, "3")
		assert.Equal(t, len(events), 3)
		assert.Equal(t, events[0].ID+" "+events[0].Entry+" "+events[0].Reason+" "+events[0].Attempts+" "+events[0].FailedAt, "wh_1 etr_1 because 5 now")
	}
	_, err := queues.Send(ctx, []string{"wh_9"})
	assert.ErrorContains(t, err, `"wh_9": no such dead letter`)
	sent, err := queues.Send(ctx, []string{"wh_2"})
	assert.NilError(t, err)
	assert.DeepEqual(t, sent, []string{"wh_2"})
	sent, err = queues.Send(ctx, []string{deadletters.All})
	assert.NilError(t, err)
	assert.DeepEqual(t, sent, []string{"wh_1", "wh_3"})

	events, total, err := queues.List(ctx)
	assert.NilError(t, err)
	assert.Equal(t, len(events), 0)
	assert.Equal(t, total, "0")
	response, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String(queues.IntakeURL), MaxNumberOfMessages: 10})
	assert.NilError(t, err)
	assert.Equal(t, len(response.Messages), 3)
	assert.Equal(t, aws.ToString(response.Messages[0].Body), `{"webhook_id": "wh_2", "entry_id": "etr_1"}`)

	_, err = deadletters.OfStack(ctx, cloud.Config(), "none")
	assert.ErrorContains(t, err, `stack "none"`)
}
