package preflight

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// serviceLinkedRole is a role that a service makes for itself when an account
// first uses it.
type serviceLinkedRole struct {
	name, service string
}

// serviceLinkedRoles are those of the stack's services, from each service's page
// "Using service-linked roles". CloudFormation's first call can come before the
// new role is known everywhere: ECS then answers "Unable to assume the service
// linked role", and the deployment is rolled back.
var serviceLinkedRoles = []serviceLinkedRole{
	{"AWSServiceRoleForECS", "ecs.amazonaws.com"},
	{"AWSServiceRoleForElasticLoadBalancing", "elasticloadbalancing.amazonaws.com"},
	{"AWSServiceRoleForAPIGateway", "ops.apigateway.amazonaws.com"},
	{"AWSServiceRoleForApplicationAutoScaling_ECSService", "ecs.application-autoscaling.amazonaws.com"},
}

// checkRoles looks for the roles, and creates those that are missing if it may.
func (i *inspection) checkRoles(ctx context.Context) {
	for _, role := range serviceLinkedRoles {
		_, err := i.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(role.name)})
		switch {
		case err == nil:
			i.pass("service-linked role %s: exists", role.name)
		case !hasCode(err, "NoSuchEntity"):
			i.refuseCall("iam:GetRole", err)
			return
		case i.options.CreateRoles:
			i.createRole(ctx, role)
		default:
			i.refuse("service-linked role "+role.name, "this account has none, and the first deployment can fail while it is made",
				"run `make preflight ENVIRONMENT="+i.settings.Environment+" CREATE_ROLES=1`, or `aws iam create-service-linked-role --aws-service-name "+role.service+"`")
		}
	}
}

func (i *inspection) createRole(ctx context.Context, role serviceLinkedRole) {
	_, err := i.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String(role.service)})
	if err != nil {
		i.refuseCall("iam:CreateServiceLinkedRole", err)
		return
	}
	i.pass("service-linked role %s: created", role.name)
}
