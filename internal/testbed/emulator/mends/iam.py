"""IAM."""

from ministack.services import iam

# The service-linked roles whose names the services choose otherwise than ministack.
ROLE_NAMES = {
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
    "ops.apigateway.amazonaws.com": "AWSServiceRoleForAPIGateway",
    "ecs.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_ECSService",
}


def mend_service_linked_role():
    """A service-linked role has the name that its service gives it.

    Source: each service's page "Using service-linked roles". ministack makes the name of
    the service's host, so that those of ECS and of ECS's scaling are one.
    """
    create = iam._IAM_HANDLERS["CreateServiceLinkedRole"]

    def named(params):
        service = iam._p(params, "AWSServiceName")
        name = ROLE_NAMES.get(service)
        if name is None:
            return create(params)
        if name in iam._roles:
            return iam._error(400, "InvalidInput", f"Service role name {name} has been taken.", ns="iam")
        response = create(params)
        made = f"AWSServiceRoleFor{service.split('.')[0].capitalize()}"
        role = iam._roles.pop(made)
        iam._roles[name] = {**role, "RoleName": name, "Arn": role["Arn"].removesuffix(made) + name}
        status, headers, body = response
        return status, headers, body.replace(made.encode(), name.encode())

    iam._IAM_HANDLERS["CreateServiceLinkedRole"] = named
