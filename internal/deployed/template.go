package deployed

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
)

// Template is what CloudFormation last made of a stack.
type Template struct {
	// Text is the template as it was submitted.
	Text string
	// Protected says whether the stack has termination protection.
	Protected bool
	// Drift is what the last detection of drift found: IN_SYNC, DRIFTED, UNKNOWN or
	// NOT_CHECKED. DriftChecked is when that was; zero where there was none.
	Drift        string
	DriftChecked time.Time
}

// ErrNoStack says that there is no stack, or one that was never deployed or is deleted.
var ErrNoStack = errors.New("not deployed")

// ReadTemplate returns the template of the stack of the name or ARN.
//
// Source: AWS CloudFormation API Reference, GetTemplate, StackDriftInformation and
// DescribeStacks, which still describes a deleted stack by its ARN.
func ReadTemplate(ctx context.Context, cloud aws.Config, name string) (t Template, err error) {
	client := cloudformation.NewFromConfig(cloud)
	described, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(name)})
	if refused := smithy.APIError(nil); errors.As(err, &refused) && strings.Contains(refused.ErrorMessage(), "does not exist") {
		return t, fmt.Errorf("stack %q: %w", name, ErrNoStack)
	} else if err != nil {
		return t, fmt.Errorf("stack %q: %w", name, err)
	}
	stack := described.Stacks[0]
	if stack.StackStatus == types.StackStatusReviewInProgress || stack.StackStatus == types.StackStatusDeleteComplete {
		return t, fmt.Errorf("stack %q: %w", name, ErrNoStack)
	}
	t.Protected = aws.ToBool(stack.EnableTerminationProtection)
	t.Drift = string(types.StackDriftStatusNotChecked)
	if drift := stack.DriftInformation; drift != nil && drift.StackDriftStatus != "" {
		t.Drift, t.DriftChecked = string(drift.StackDriftStatus), aws.ToTime(drift.LastCheckTimestamp)
	}
	got, err := client.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: stack.StackId, TemplateStage: types.TemplateStageOriginal})
	if err != nil {
		return t, fmt.Errorf("stack %q: %w", name, err)
	}
	t.Text = aws.ToString(got.TemplateBody)
	return t, nil
}
