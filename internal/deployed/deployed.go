// Package deployed reads what a deployed stack says of itself.
package deployed

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
)

// Stack is a deployed stack.
type Stack struct {
	// ID is the stack's ARN.
	ID string
	// Outputs are the values of its outputs, by their names.
	Outputs map[string]string
}

// Read returns the stack of the name.
func Read(ctx context.Context, cloud aws.Config, name string) (Stack, error) {
	described, err := cloudformation.NewFromConfig(cloud).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(name)})
	if err != nil {
		return Stack{}, fmt.Errorf("stack %q: %w", name, err)
	}
	if len(described.Stacks) == 0 {
		return Stack{}, fmt.Errorf("stack %q: %w", name, ErrNoStack)
	}
	stack := Stack{ID: aws.ToString(described.Stacks[0].StackId), Outputs: map[string]string{}}
	for _, output := range described.Stacks[0].Outputs {
		stack.Outputs[aws.ToString(output.OutputKey)] = aws.ToString(output.OutputValue)
	}
	return stack, nil
}

// Resources returns the physical IDs of a stack's resources of a type, such as
// "AWS::ApiGatewayV2::Api"; none is an error.
func Resources(ctx context.Context, cloud aws.Config, name, kind string) ([]string, error) {
	var ids []string
	pages := cloudformation.NewListStackResourcesPaginator(cloudformation.NewFromConfig(cloud), &cloudformation.ListStackResourcesInput{StackName: aws.String(name)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("stack %q: %w", name, err)
		}
		for _, r := range page.StackResourceSummaries {
			if aws.ToString(r.ResourceType) == kind {
				ids = append(ids, aws.ToString(r.PhysicalResourceId))
			}
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("stack %q: no resource of type %s: deploy the stack of this version first", name, kind)
	}
	return ids, nil
}
