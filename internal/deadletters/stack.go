package deadletters

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// OfStack returns the queues that a deployed stack's outputs name.
func OfStack(ctx context.Context, config aws.Config, stack string) (Queues, error) {
	answer, err := cloudformation.NewFromConfig(config).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(stack)})
	if err != nil {
		return Queues{}, fmt.Errorf("stack %q: %w", stack, err)
	}
	queues := Queues{Client: sqs.NewFromConfig(config)}
	for _, output := range answer.Stacks[0].Outputs {
		switch aws.ToString(output.OutputKey) {
		case "DeadLetterQueueUrl":
			queues.DeadLetterURL = aws.ToString(output.OutputValue)
		case "IntakeQueueUrl":
			queues.IntakeURL = aws.ToString(output.OutputValue)
		}
	}
	if queues.DeadLetterURL == "" || queues.IntakeURL == "" {
		return Queues{}, fmt.Errorf("stack %q: no outputs DeadLetterQueueUrl and IntakeQueueUrl: deploy the stack of this version first", stack)
	}
	return queues, nil
}
