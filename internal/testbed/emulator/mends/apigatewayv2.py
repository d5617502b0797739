"""API Gateway's HTTP APIs."""

from ministack.core.responses import new_uuid, now_iso
from ministack.services import apigateway
from ministack.services.cloudformation import provisioners


def camel(settings):
    """The settings of one route with the API's keys, which begin with a small letter."""
    return {key[:1].lower() + key[1:]: value for key, value in settings.items()}


def mend_settings():
    """A stage reads back with its throttling and its detailed metrics.

    Source: the API reference of API Gateway V2, Stage, defaultRouteSettings and
    routeSettings. ministack keeps the template's keys, which the API doesn't have, so
    that an SDK reads nothing.
    """
    keep = provisioners._apigw_v2_stage_props

    def with_settings(props):
        stage = keep(props)
        stage["defaultRouteSettings"] = camel(stage["defaultRouteSettings"])
        stage["routeSettings"] = {route: camel(it) for route, it in stage["routeSettings"].items()}
        return stage

    provisioners._apigw_v2_stage_props = with_settings


def mend_tls():
    """An integration reads back with the server name that its certificate must have.

    Source: the API reference of API Gateway V2, Integration, tlsConfig. ministack drops it.
    """
    keep = provisioners._apigw_v2_integration_props

    def with_tls(props):
        integration = keep(props)
        if "TlsConfig" in props:
            integration["tlsConfig"] = camel(props["TlsConfig"])
        return integration

    provisioners._apigw_v2_integration_props = with_tls


def mend_vpc_link():
    """A VPC link of a template is one that GetVpcLink shows, with its subnets and groups.

    Source: the API reference of API Gateway V2, VpcLink; the template reference,
    AWS::ApiGatewayV2::VpcLink: other subnets or groups are another link. ministack
    refuses a template with the type, and knows none of the API's calls for it.
    """
    links = {}
    handle = apigateway.handle_request

    def create(logical_id, props, stack_name):
        link_id = new_uuid()[:8]
        links[link_id] = {
            "vpcLinkId": link_id,
            "name": props["Name"],
            "subnetIds": props["SubnetIds"],
            "securityGroupIds": props.get("SecurityGroupIds", []),
            "vpcLinkStatus": "AVAILABLE",
            "vpcLinkVersion": "V2",
            "createdDate": now_iso(),
            "tags": props.get("Tags", {}),
        }
        return link_id, {"VpcLinkId": link_id}

    def delete(physical_id, props):
        links.pop(physical_id, None)

    def update(physical_id, old, new, stack_name):
        if all(old.get(key) == new.get(key) for key in ("SubnetIds", "SecurityGroupIds")):
            links[physical_id].update(name=new["Name"], tags=new.get("Tags", {}))
            return physical_id, {"VpcLinkId": physical_id}
        delete(physical_id, old)
        return create(physical_id, new, stack_name)

    async def with_links(method, path, headers, body, query_params):
        parts = path.strip("/").split("/")
        if method != "GET" or parts[:2] != ["v2", "vpclinks"]:
            return await handle(method, path, headers, body, query_params)
        if len(parts) == 2:
            return apigateway._apigw_response({"items": list(links.values())})
        if parts[2] not in links:
            return apigateway._apigw_error("NotFoundException", f"Invalid VpcLink identifier specified {parts[2]}", 404)
        return apigateway._apigw_response(links[parts[2]])

    apigateway.handle_request = with_links
    provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::VpcLink"] = {
        "create": create,
        "update": update,
        "delete": delete,
    }
