package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// onBehalfOf are the conditions under which one of AWS's services acts for the
// stack's own account alone: for what the ARN matches.
//
// Source: IAM's guide, the confused deputy problem.
func onBehalfOf(scope constructs.IConstruct, arn *string) *map[string]any {
	return &map[string]any{
		"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Stack_Of(scope).Account()},
		"ArnLike":      map[string]any{"aws:SourceArn": arn},
	}
}

// ownArn returns the ARN of resources of the stack's account and region, such as
// service "ec2" and resource "vpc-flow-log/*".
func ownArn(scope constructs.IConstruct, service, resource string) *string {
	return awscdk.Stack_Of(scope).FormatArn(&awscdk.ArnComponents{Service: jsii.String(service), Resource: jsii.String(resource)})
}
