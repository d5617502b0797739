package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newTaskRole returns a role without rights that only tasks of the stack's own
// account and region may take.
//
// Source of the conditions: Amazon ECS's guide, task IAM role.
func newTaskRole(scope constructs.Construct, id string) awsiam.Role {
	return awsiam.NewRole(scope, jsii.String(id), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("ecs-tasks.amazonaws.com"), &awsiam.ServicePrincipalOpts{
			Conditions: onBehalfOf(scope, ownArn(scope, "ecs", "*")),
		}),
	})
}
