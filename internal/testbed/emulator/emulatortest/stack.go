package emulatortest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"gotest.tools/v3/assert"
)

// MakeStack makes a stack of a template and waits until its resources are there. Options
// change what is asked for.
//
// The SDK sends a request again whose response was lost, and is told then that the stack is
// there already: one that began after this call is the test's own.
func MakeStack(ctx context.Context, t *testing.T, config aws.Config, name, template string, options ...func(*cloudformation.CreateStackInput)) {
	t.Helper()
	input := &cloudformation.CreateStackInput{StackName: aws.String(name), TemplateBody: aws.String(template)}
	for _, option := range options {
		option(input)
	}
	client, named := cloudformation.NewFromConfig(config), &cloudformation.DescribeStacksInput{StackName: aws.String(name)}
	began := time.Now()
	_, err := client.CreateStack(ctx, input)
	if exists := (*types.AlreadyExistsException)(nil); errors.As(err, &exists) {
		there, described := client.DescribeStacks(ctx, named)
		assert.NilError(t, described)
		// The time is in whole seconds.
		made := aws.ToTime(there.Stacks[0].CreationTime)
		assert.Assert(t, !made.Before(began.Truncate(time.Second)), "%s, made at %s, before the test's call at %s", err, made, began)
		t.Logf("%s: the request was sent twice", name)
	} else {
		assert.NilError(t, err)
	}
	assert.NilError(t, cloudformation.NewStackCreateCompleteWaiter(client, func(o *cloudformation.StackCreateCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, time.Second
	}).Wait(ctx, named, time.Minute))
}
