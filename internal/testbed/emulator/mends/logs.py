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


def mend_query_definition():
    """A template can have a saved query, whose Ref is its ID.

    Source: the template reference, AWS::Logs::QueryDefinition. ministack has no saved
    queries, and refuses a template with the type: nothing here reads them.
    """

    def create(logical_id, props, stack_name):
        if not props.get("Name") or not props.get("QueryString"):
            raise ValueError("AWS::Logs::QueryDefinition requires Name and QueryString")
        query_id = new_uuid()
        return query_id, {"QueryDefinitionId": query_id}

    provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = {
        "create": create,
        "update": lambda physical_id, old, new, stack_name: (physical_id, {"QueryDefinitionId": physical_id}),
        "delete": lambda physical_id, props: None,
    }
