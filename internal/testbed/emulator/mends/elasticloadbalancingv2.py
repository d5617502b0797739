"""Elastic Load Balancing."""

from ministack.core.responses import get_region
from ministack.services import alb, ec2
from ministack.services.cloudformation import provisioners

# The values of attributes that a template doesn't give. Source: the API reference of
# Elastic Load Balancing, LoadBalancerAttribute and TargetGroupAttribute.
BALANCER_DEFAULTS = {
    "access_logs.s3.enabled": "false",
    "deletion_protection.enabled": "false",
    "idle_timeout.timeout_seconds": "60",
    "routing.http.drop_invalid_header_fields.enabled": "false",
}
TARGET_GROUP_DEFAULTS = {
    "deregistration_delay.timeout_seconds": "300",
    "slow_start.duration_seconds": "0",
    "stickiness.enabled": "false",
}


def with_defaults(attributes, defaults):
    """The attributes, and the defaults of those that aren't among them."""
    given = {it["Key"] for it in attributes}
    return attributes + [{"Key": key, "Value": it} for key, it in defaults.items() if key not in given]


def mend_attributes():
    """An attribute that a template doesn't give reads back with its default.

    ministack gives defaults only to what has no attribute at all, so that a target group
    whose template has another attribute reads back without its deregistration delay.
    """
    kinds = {
        "LoadBalancer": (alb._lb_attrs, BALANCER_DEFAULTS),
        "TargetGroup": (alb._tg_attrs, TARGET_GROUP_DEFAULTS),
    }
    for kind, (kept, defaults) in kinds.items():
        handler = provisioners._RESOURCE_HANDLERS[f"AWS::ElasticLoadBalancingV2::{kind}"]

        def with_all(logical_id, props, stack_name, create=handler["create"], kept=kept, defaults=defaults):
            arn, attributes = create(logical_id, props, stack_name)
            kept[arn] = with_defaults(kept[arn], defaults)
            return arn, attributes

        handler["create"] = with_all


def mend_zones():
    """A load balancer is in its subnets' VPC and zones.

    Source: the API reference of Elastic Load Balancing, LoadBalancer, VpcId and
    AvailabilityZones. ministack takes the default VPC and the region's first zone.
    """
    render = alb._lb_xml

    def in_zones(balancer):
        subnets = {it: ec2._subnets[it] for it in balancer.get("Subnets", []) if it in ec2._subnets}
        vpcs = [it["VpcId"] for it in subnets.values()]
        xml = render({**balancer, "VpcId": vpcs[0]} if vpcs else balancer)
        for subnet_id, subnet in subnets.items():
            after = f"</ZoneName><SubnetId>{subnet_id}</SubnetId>"
            xml = xml.replace(f"{get_region()}a{after}", subnet["AvailabilityZone"] + after)
        return xml

    alb._lb_xml = in_zones


def mend_balancer_protection():
    """CloudFormation can't delete a load balancer with deletion protection.

    Source: the API reference of Elastic Load Balancing, DeleteLoadBalancer, OperationNotPermitted.
    """
    handler = provisioners._RESOURCE_HANDLERS["AWS::ElasticLoadBalancingV2::LoadBalancer"]
    delete = handler["delete"]

    def unless_protected(physical_id, props):
        if {"Key": "deletion_protection.enabled", "Value": "true"} in alb._lb_attrs.get(physical_id, []):
            raise ValueError(f"Load balancer {physical_id} can't be deleted: deletion protection is enabled")
        return delete(physical_id, props)

    handler["delete"] = unless_protected
