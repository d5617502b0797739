// Package deployed reads what a deployed stack says of itself.
package deployed

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
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
	found, err := summaries(ctx, cloud, name, kind)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("stack %q: no resource of type %s: deploy the stack of this version first", name, kind)
	}
	ids := make([]string, len(found))
	for i, r := range found {
		ids[i] = aws.ToString(r.PhysicalResourceId)
	}
	return ids, nil
}

// Nested returns the ARNs of the stacks that a stack has as resources, by their
// logical IDs. It doesn't look into these.
//
// Source: AWS CloudFormation's template reference, AWS::CloudFormation::Stack, whose
// physical ID is the nested stack's ARN.
func Nested(ctx context.Context, cloud aws.Config, name string) (map[string]string, error) {
	found, err := summaries(ctx, cloud, name, "AWS::CloudFormation::Stack")
	ids := map[string]string{}
	for _, r := range found {
		if id := aws.ToString(r.PhysicalResourceId); id != "" && r.ResourceStatus != types.ResourceStatusDeleteComplete {
			ids[aws.ToString(r.LogicalResourceId)] = id
		}
	}
	return ids, err
}

// summaries returns what CloudFormation lists of a stack's resources of a type.
func summaries(ctx context.Context, cloud aws.Config, name, kind string) ([]types.StackResourceSummary, error) {
	var found []types.StackResourceSummary
	pages := cloudformation.NewListStackResourcesPaginator(cloudformation.NewFromConfig(cloud), &cloudformation.ListStackResourcesInput{StackName: aws.String(name)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("stack %q: %w", name, err)
		}
		for _, r := range page.StackResourceSummaries {
			if aws.ToString(r.ResourceType) == kind {
				found = append(found, r)
			}
		}
	}
	return found, nil
}
