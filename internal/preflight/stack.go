package preflight

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"benchlingwebhook/stacks"
)

// checkStack reports whether the stack's state takes a deployment, and whether it
// is the first.
func (i *inspection) checkStack(ctx context.Context) {
	name := stacks.StackName(i.settings.Environment)
	response, err := i.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(name)})
	if hasCode(err, "ValidationError") && strings.Contains(err.Error(), "does not exist") {
		i.firstDeployment(name, "does not exist")
		return
	}
	if err != nil {
		i.refuseCall("cloudformation:DescribeStacks", err)
		return
	}
	i.checkState(name, response.Stacks[0])
}

// checkState follows the states of AWS::CloudFormation's StackStatus and what
// the CDK CLI does in each: it deletes and creates anew a stack whose creation
// was rolled back, waits for one in progress, and stops in the rest.
func (i *inspection) checkState(name string, stack types.Stack) {
	state := string(stack.StackStatus)
	switch stack.StackStatus {
	case types.StackStatusReviewInProgress, types.StackStatusDeleteComplete:
		i.firstDeployment(name, state)
	case types.StackStatusRollbackComplete:
		if aws.ToBool(stack.EnableTerminationProtection) {
			i.refuse(name, state+" with termination protection, which keeps the CDK CLI from replacing it",
				"run `aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name "+name+"`")
			return
		}
		i.firstDeployment(name, state+", the CDK CLI deletes it first")
	case types.StackStatusRollbackFailed, types.StackStatusDeleteFailed, types.StackStatusCreateFailed:
		i.refuse(name, state+": it can't be deployed to", "delete it as docs/first-deployment.md says, then deploy again")
	case types.StackStatusUpdateRollbackFailed, types.StackStatusUpdateFailed:
		i.refuse(name, state+": it can't be deployed to", "run `cdk rollback -c environment="+i.settings.Environment+"`, then deploy again")
	case types.StackStatusCreateComplete, types.StackStatusUpdateComplete, types.StackStatusUpdateRollbackComplete,
		types.StackStatusImportComplete, types.StackStatusImportRollbackComplete:
		i.pass("stack %s: %s, will be updated", name, state)
	default:
		i.refuse(name, state+": another operation is running or has failed", "wait until it is done, or look at the stack's events")
	}
}

func (i *inspection) firstDeployment(name, state string) {
	i.report.First = true
	if i.options.Synthesized && i.settings.DeletionProtection {
		i.refuse(name, "a first deployment with deletionProtection could be neither rolled back nor deleted if it failed",
			"deploy it once by hand with `make deploy ENVIRONMENT="+i.settings.Environment+"` (docs/first-deployment.md)")
		return
	}
	i.pass("stack %s: %s, first deployment", name, state)
}
