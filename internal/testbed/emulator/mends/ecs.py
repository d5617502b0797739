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
