"""CloudWatch Logs."""

from ministack.core.responses import new_uuid
from ministack.services.cloudformation import provisioners


def mend_log_group_name():
    """A log group without a name gets one that no other group has.

    Source: the template reference, AWS::Logs::LogGroup, LogGroupName. ministack makes it
    of the stack's name and the logical ID, so that a stack that is deployed again takes
    over what its predecessor left.
    """
    handler = provisioners._RESOURCE_HANDLERS["AWS::Logs::LogGroup"]
    create, update = handler["create"], handler["update"]

    def named(logical_id, props, stack_name):
        name = props.get("LogGroupName") or f"{stack_name}-{logical_id}-{new_uuid().replace('-', '')[:12]}"
        return create(logical_id, {**props, "LogGroupName": name}, stack_name)

    def updated(physical_id, old, new, stack_name, logical_id=None):
        if old.get("LogGroupName") == new.get("LogGroupName"):
            old, new = ({"LogGroupName": physical_id, **it} for it in (old, new))
        return update(physical_id, old, new, stack_name, logical_id)

    handler.update(create=named, update=updated)
