"""ECS."""

from ministack.services import ecs
from ministack.services.cloudformation import provisioners

# What ministack drops of a service, with the value for a template without it.
SERVICE_KEYS = {
    "AvailabilityZoneRebalancing": "ENABLED",
    "EnableECSManagedTags": False,
    "EnableExecuteCommand": False,
    "HealthCheckGracePeriodSeconds": 0,
    "PlatformVersion": "LATEST",
    "PropagateTags": "NONE",
}


def mend_service():
    """A service reads back with its grace period, its rebalancing, its tags' origin and its platform.

    Source: the API reference of ECS, CreateService, for the values of what isn't given.
    ministack drops all of them.
    """
    handler = provisioners._RESOURCE_HANDLERS["AWS::ECS::Service"]
    create, update = handler["create"], handler["update"]

    def whole(result, props):
        service = next(it for it in ecs._services.values() if it["serviceArn"] == result[0])
        for key, default in SERVICE_KEYS.items():
            service[key[:1].lower() + key[1:]] = props.get(key, default)
        return result

    handler["create"] = lambda logical_id, props, stack_name: whole(create(logical_id, props, stack_name), props)
    handler["update"] = lambda physical_id, old, new, stack_name: whole(update(physical_id, old, new, stack_name), new)


def mend_capacity():
    """A resource associates capacity providers with a cluster, before a service may name one.

    Source: the template reference, AWS::ECS::ClusterCapacityProviderAssociations; the API
    reference of ECS, CreateService, capacityProviderStrategy. ministack refuses a template
    with the type, and takes a service with whatever provider.
    """
    handlers = provisioners._RESOURCE_HANDLERS

    def associate(props, providers, strategy):
        strategy = provisioners._pascal_to_camel(strategy)
        asked = {
            "cluster": props["Cluster"],
            "capacityProviders": providers,
            "defaultCapacityProviderStrategy": strategy,
        }
        status, _, body = ecs._put_cluster_capacity_providers(asked)
        if status >= 400:
            raise ValueError(f"AWS::ECS::ClusterCapacityProviderAssociations: {body!r}")
        return props["Cluster"], {}

    def put(props):
        return associate(props, props["CapacityProviders"], props["DefaultCapacityProviderStrategy"])

    handlers["AWS::ECS::ClusterCapacityProviderAssociations"] = {
        "create": lambda logical_id, props, stack_name: put(props),
        "update": lambda physical_id, old, new, stack_name: put(new),
        "delete": lambda physical_id, props: associate(props, [], []),
    }
    service = handlers["AWS::ECS::Service"]

    def on_associated(logical_id, props, stack_name, create=service["create"]):
        cluster = ecs._clusters.get(ecs._resolve_cluster_name(props.get("Cluster", "default")), {})
        for one in props.get("CapacityProviderStrategy", []):
            if one["CapacityProvider"] not in cluster.get("capacityProviders", []):
                raise ValueError(f"capacity provider {one['CapacityProvider']} isn't associated with the cluster")
        return create(logical_id, props, stack_name)

    service["create"] = on_associated
