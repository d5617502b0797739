"""DynamoDB."""

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners


def mend_table():
    """A table reads back with its time to live and its point-in-time recovery.

    Source: the template reference, AWS::DynamoDB::Table, TimeToLiveSpecification and
    PointInTimeRecoverySpecification. ministack drops both.
    """
    handler = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    create, update = handler["create"], handler["update"]

    def whole(result, props):
        name = result[0]
        recovery = props.get("PointInTimeRecoverySpecification")
        if recovery:
            dynamodb._update_continuous_backups({"TableName": name, "PointInTimeRecoverySpecification": recovery})
        expiry = props.get("TimeToLiveSpecification")
        if expiry:
            dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": expiry})
        return result

    handler["create"] = lambda logical_id, props, stack_name: whole(create(logical_id, props, stack_name), props)
    handler["update"] = lambda physical_id, old, new, *rest: whole(update(physical_id, old, new, *rest), new)


def mend_table_protection():
    """CloudFormation can't delete a table with deletion protection.

    Source: the guide of DynamoDB, deletion protection; the API reference, DeleteTable.
    ministack's DeleteTable refuses it, and its CloudFormation deletes it nevertheless.
    """
    handler = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    delete = handler["delete"]

    def unless_protected(physical_id, props):
        if dynamodb._tables.get(physical_id, {}).get("DeletionProtectionEnabled"):
            raise ValueError(f"Table {physical_id} is protected against deletion")
        return delete(physical_id, props)

    handler["delete"] = unless_protected
