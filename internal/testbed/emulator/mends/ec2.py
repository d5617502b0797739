"""EC2."""

from ministack.core.responses import new_uuid
from ministack.services import ec2
from ministack.services.cloudformation import provisioners


def rule_type(permissions):
    """A resource type of a rule that is added to a group, and taken out of it."""

    def rules(props):
        return list(provisioners._ec2_sg_permissions([props]))

    def create(logical_id, props, stack_name):
        ec2._security_groups[props["GroupId"]][permissions].extend(rules(props))
        physical_id = f"sgr-{new_uuid().replace('-', '')[:17]}"
        return physical_id, {"Id": physical_id}

    def delete(physical_id, props):
        group = ec2._security_groups.get(props.get("GroupId"))
        if group:
            gone = rules(props)
            group[permissions][:] = [it for it in group[permissions] if it not in gone]

    def update(physical_id, old, new, stack_name):
        delete(physical_id, old)
        return create(physical_id, new, stack_name)

    return {"create": create, "update": update, "delete": delete}


def mend_security_group_rules():
    """A rule that is a resource of its own is its group's.

    Source: the template reference, AWS::EC2::SecurityGroupIngress and
    AWS::EC2::SecurityGroupEgress. ministack refuses a template with either type.
    """
    for direction, permissions in (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress")):
        kind = f"AWS::EC2::SecurityGroup{direction}"
        provisioners._RESOURCE_HANDLERS[kind] = rule_type(permissions)
