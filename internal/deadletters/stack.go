package deadletters

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"benchlingwebhook/internal/deployed"
)

// OfStack returns the queues that a deployed stack's outputs name.
func OfStack(ctx context.Context, config aws.Config, stack string) (Queues, error) {
	read, err := deployed.Read(ctx, config, stack)
	if err != nil {
		return Queues{}, err
	}
	queues := Queues{
		Client:        sqs.NewFromConfig(config),
		DeadLetterURL: read.Outputs["DeadLetterQueueUrl"],
		IntakeURL:     read.Outputs["IntakeQueueUrl"],
	}
	if queues.DeadLetterURL == "" || queues.IntakeURL == "" {
		return Queues{}, fmt.Errorf("stack %q: no outputs DeadLetterQueueUrl and IntakeQueueUrl: deploy the stack of this version first", stack)
	}
	return queues, nil
}
