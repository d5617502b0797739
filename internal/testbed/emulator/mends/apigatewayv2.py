"""API Gateway's HTTP APIs."""

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
