// Package resources deploys a template to the local AWS, reads back what the stack
// made of it, through the SDK's clients, and holds that against rules.
package resources

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	// templates is the bucket from which CloudFormation takes templates: these are
	// larger than a request may be.
	// Source: CloudFormation's guide, quotas, "Template body size in a request".
	templates = "stack-templates"
	// pause is the time between two looks at a stack.
	pause = 20 * time.Millisecond
)

// Resource is a resource of a deployed stack.
type Resource struct {
	// Type is "AWS::SQS::Queue" and the like, ID what Ref returns.
	Type, ID string
	// DeletionPolicy and UpdateReplacePolicy are the template's, empty for none.
	DeletionPolicy, UpdateReplacePolicy string
	// Properties are the template's, not resolved.
	Properties map[string]any
}

// Stack is a deployed stack, with its resources by logical ID.
type Stack struct {
	Name      string
	Resources map[string]Resource
}

// FailedStackError is a deployment, or a deletion, that CloudFormation didn't complete.
type FailedStackError struct {
	Stack  string
	Status types.StackStatus
	// Reasons are those of the resources that failed, "LOGICAL_ID: REASON".
	Reasons []string
}

// Error names the stack, its status and all reasons.
func (e *FailedStackError) Error() string {
	return fmt.Sprintf("stack %s: %s: %s", e.Stack, e.Status, strings.Join(e.Reasons, "; "))
}

// Deploy creates a stack and returns it when it is complete, or a FailedStackError.
// What the template names of other stacks must exist: see MakeExisting.
func Deploy(ctx context.Context, config aws.Config, name, template string, parameters map[string]string) (*Stack, error) {
	url, err := upload(ctx, config, name, template)
	if err != nil {
		return nil, err
	}
	formation := cloudformation.NewFromConfig(config)
	if _, err = formation.CreateStack(ctx, &cloudformation.CreateStackInput{
		StackName: aws.String(name), TemplateURL: aws.String(url), Parameters: given(parameters),
		Capabilities: []types.Capability{types.CapabilityCapabilityIam},
	}); err != nil {
		return nil, fmt.Errorf("stack %s: %w", name, err)
	}
	return complete(ctx, formation, name, types.StackStatusCreateComplete)
}

// Update gives a stack another template, and returns it when that is complete, or a
// FailedStackError.
func Update(ctx context.Context, config aws.Config, name, template string, parameters map[string]string) (*Stack, error) {
	url, err := upload(ctx, config, name, template)
	if err != nil {
		return nil, err
	}
	formation := cloudformation.NewFromConfig(config)
	if _, err = formation.UpdateStack(ctx, &cloudformation.UpdateStackInput{
		StackName: aws.String(name), TemplateURL: aws.String(url), Parameters: given(parameters),
		Capabilities: []types.Capability{types.CapabilityCapabilityIam},
	}); err != nil {
		return nil, fmt.Errorf("stack %s: %w", name, err)
	}
	return complete(ctx, formation, name, types.StackStatusUpdateComplete)
}

// given returns parameters as CloudFormation takes them.
func given(parameters map[string]string) []types.Parameter {
	var list []types.Parameter
	for key, value := range parameters {
		list = append(list, types.Parameter{ParameterKey: aws.String(key), ParameterValue: aws.String(value)})
	}
	return list
}

// complete waits for a stack, and returns it if it ends with the status.
func complete(ctx context.Context, formation *cloudformation.Client, name string, wanted types.StackStatus) (*Stack, error) {
	status, err := settled(ctx, formation, name)
	if err != nil {
		return nil, err
	}
	if status != wanted {
		reasons, err := failures(ctx, formation, name)
		return nil, errors.Join(&FailedStackError{name, status, reasons}, err)
	}
	return find(ctx, formation, name)
}

// Delete deletes a stack, and returns when nothing is left of it but what is retained.
func Delete(ctx context.Context, config aws.Config, name string) error {
	formation := cloudformation.NewFromConfig(config)
	if _, err := formation.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: aws.String(name)}); err != nil {
		return err
	}
	for {
		status, err := settled(ctx, formation, name)
		switch {
		case err != nil && strings.Contains(err.Error(), "does not exist"), status == types.StackStatusDeleteComplete:
			return nil
		case err != nil:
			return err
		case status == types.StackStatusDeleteFailed:
			reasons, err := failures(ctx, formation, name)
			return errors.Join(&FailedStackError{name, status, reasons}, err)
		}
	}
}

// upload puts a template where CloudFormation reads it, and returns its URL.
func upload(ctx context.Context, config aws.Config, name, template string) (string, error) {
	storage := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := storage.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(templates)}); err != nil {
		return "", err
	}
	_, err := storage.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(templates), Key: aws.String(name), Body: strings.NewReader(template),
	})
	return aws.ToString(config.BaseEndpoint) + "/" + templates + "/" + name, err
}

// settled returns a stack's status when nothing is in progress any more.
func settled(ctx context.Context, formation *cloudformation.Client, name string) (types.StackStatus, error) {
	for {
		found, err := formation.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(name)})
		if err != nil {
			return "", err
		}
		if status := found.Stacks[0].StackStatus; !strings.HasSuffix(string(status), "_IN_PROGRESS") {
			return status, nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("stack %s: %w", name, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// failures returns why resources of a stack failed, the first first.
func failures(ctx context.Context, formation *cloudformation.Client, name string) ([]string, error) {
	var reasons []string
	pages := cloudformation.NewDescribeStackEventsPaginator(formation, &cloudformation.DescribeStackEventsInput{StackName: aws.String(name)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return reasons, err
		}
		for _, event := range page.StackEvents {
			if strings.HasSuffix(string(event.ResourceStatus), "_FAILED") && aws.ToString(event.LogicalResourceId) != name {
				reasons = append(reasons, aws.ToString(event.LogicalResourceId)+": "+aws.ToString(event.ResourceStatusReason))
			}
		}
	}
	slices.Reverse(reasons)
	return reasons, nil
}

// Find returns a stack as it is: its resources as CloudFormation lists them, with what
// its template says of each.
func Find(ctx context.Context, config aws.Config, name string) (*Stack, error) {
	return find(ctx, cloudformation.NewFromConfig(config), name)
}

func find(ctx context.Context, formation *cloudformation.Client, name string) (*Stack, error) {
	got, err := formation.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: aws.String(name)})
	if err != nil {
		return nil, err
	}
	var template struct{ Resources map[string]Resource }
	if err := json.Unmarshal([]byte(aws.ToString(got.TemplateBody)), &template); err != nil {
		return nil, fmt.Errorf("stack %s: template: %w", name, err)
	}
	stack := &Stack{Name: name, Resources: map[string]Resource{}}
	pages := cloudformation.NewListStackResourcesPaginator(formation, &cloudformation.ListStackResourcesInput{StackName: aws.String(name)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, it := range page.StackResourceSummaries {
			resource := template.Resources[aws.ToString(it.LogicalResourceId)]
			resource.ID = aws.ToString(it.PhysicalResourceId)
			stack.Resources[aws.ToString(it.LogicalResourceId)] = resource
		}
	}
	return stack, nil
}
