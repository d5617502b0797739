"""EC2."""

from ministack.core.responses import get_region, new_uuid, now_iso
from ministack.services import ec2
from ministack.services.cloudformation import provisioners

# The rule of a group that a template gives no rule for outbound traffic.
DEFAULT_EGRESS = provisioners._ec2_sg_egress_permissions([])[0]


def short_id(prefix):
    """An identifier such as "nat-0123456789abcdef0"."""
    return f"{prefix}-{new_uuid().replace('-', '')[:17]}"


def rule_type(permissions):
    """A resource type of a rule that is added to a group, and taken out of it."""

    def rules(props):
        return list(provisioners._ec2_sg_permissions([props]))

    def create(logical_id, props, stack_name):
        ec2._security_groups[props["GroupId"]][permissions].extend(rules(props))
        physical_id = short_id("sgr")
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


def mend_default_egress():
    """A rule for outbound traffic that is a resource of its own takes the default's place.

    Source: the template reference, AWS::EC2::SecurityGroup: a group without rules for
    outbound traffic lets all of it out; aws/aws-cdk, issue 987: such a resource removes
    the rule that lets all out. ministack keeps it, so that no other rule has an effect.
    """
    handler = provisioners._RESOURCE_HANDLERS["AWS::EC2::SecurityGroupEgress"]
    create = handler["create"]

    def without_default(logical_id, props, stack_name):
        rules = ec2._security_groups[props["GroupId"]]["IpPermissionsEgress"]
        rules[:] = [it for it in rules if ec2._strip_descriptions(it) != DEFAULT_EGRESS]
        return create(logical_id, props, stack_name)

    handler["create"] = without_default


def mend_default_group():
    """The members of a VPC's default security group reach each other.

    Source: the guide of Amazon VPC, default security groups. ministack gives the group
    of a template's VPC no rule for inbound traffic.
    """
    handler = provisioners._RESOURCE_HANDLERS["AWS::EC2::VPC"]
    create = handler["create"]

    def with_members(logical_id, props, stack_name):
        vpc_id, attributes = create(logical_id, props, stack_name)
        group_id = attributes["DefaultSecurityGroup"]
        members = [{"IpProtocol": "-1", "SourceSecurityGroupId": group_id}]
        ec2._security_groups[group_id]["IpPermissions"] = provisioners._ec2_sg_permissions(members)
        return vpc_id, attributes

    handler["create"] = with_members


def mend_nat_gateway():
    """A NAT gateway of a template is one that DescribeNatGateways shows.

    Source: the template reference, AWS::EC2::NatGateway: another subnet, address or
    connectivity is another gateway; the API reference of EC2, DeleteNatGateway: a deleted
    gateway is shown for a while, as such. ministack refuses a template with the type.
    """

    def create(logical_id, props, stack_name):
        gateway_id = short_id("nat")
        ec2._nat_gateways[gateway_id] = {
            "NatGatewayId": gateway_id,
            "SubnetId": props["SubnetId"],
            "VpcId": ec2._subnets[props["SubnetId"]]["VpcId"],
            "AllocationId": props.get("AllocationId", ""),
            "ConnectivityType": props.get("ConnectivityType", "public"),
            "State": "available",
            "CreateTime": now_iso(),
            "Tags": props.get("Tags", []),
        }
        provisioners._ec2_apply_tags(gateway_id, props)
        return gateway_id, {"NatGatewayId": gateway_id}

    def delete(physical_id, props):
        if physical_id in ec2._nat_gateways:
            ec2._nat_gateways[physical_id]["State"] = "deleted"

    def update(physical_id, old, new, stack_name):
        if all(old.get(key) == new.get(key) for key in ("SubnetId", "AllocationId", "ConnectivityType")):
            provisioners._ec2_apply_tags(physical_id, new, old)
            return physical_id, {"NatGatewayId": physical_id}
        delete(physical_id, old)
        return create(physical_id, new, stack_name)

    provisioners._RESOURCE_HANDLERS["AWS::EC2::NatGateway"] = {"create": create, "update": update, "delete": delete}


def mend_endpoint_routes():
    """A gateway endpoint's route tables lead to it what is sent to its service's addresses.

    Source: the guide of AWS PrivateLink, gateway endpoints, routing: the route's
    destination is the service's prefix list. ministack adds no route.
    """
    handler = provisioners._RESOURCE_HANDLERS["AWS::EC2::VPCEndpoint"]
    create, update, delete = handler["create"], handler["update"], handler["delete"]

    def unroute(endpoint_id):
        for table in ec2._route_tables.values():
            table["Routes"] = [it for it in table["Routes"] if it.get("GatewayId") != endpoint_id]

    def route(result):
        endpoint = ec2._vpc_endpoints[result[0]]
        unroute(result[0])
        service = endpoint["ServiceName"].rsplit(".", 1)[1]
        destination = ec2._aws_pl_id_from_name(f"com.amazonaws.{get_region()}.{service}")
        for table in endpoint["RouteTableIds"]:
            ec2._route_tables[table]["Routes"].append(
                {
                    "DestinationPrefixListId": destination,
                    "GatewayId": result[0],
                    "State": "active",
                    "Origin": "CreateRoute",
                }
            )
        return result

    def delete_with_routes(physical_id, props):
        unroute(physical_id)
        delete(physical_id, props)

    handler["create"] = lambda logical_id, props, stack_name: route(create(logical_id, props, stack_name))
    handler["update"] = lambda physical_id, old, new, stack_name: route(update(physical_id, old, new, stack_name))
    handler["delete"] = delete_with_routes


def mend_endpoint_groups():
    """An interface endpoint reads back with its security groups and its private DNS.

    Source: the API reference of EC2, VpcEndpoint, groupSet and privateDnsEnabled.
    ministack drops both.
    """
    render = ec2._vpce_fields_xml

    def with_groups(endpoint, tag="item"):
        groups = "".join(
            f"<item><groupId>{it}</groupId><groupName>{ec2._security_groups[it]['GroupName']}</groupName></item>"
            for it in endpoint.get("SecurityGroupIds", [])
        )
        private = str(bool(endpoint.get("PrivateDnsEnabled"))).lower()
        end = f"</{tag}>"
        return (
            render(endpoint, tag).removesuffix(end)
            + f"<groupSet>{groups}</groupSet><privateDnsEnabled>{private}</privateDnsEnabled>{end}"
        )

    ec2._vpce_fields_xml = with_groups
