"""CloudFormation itself."""

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import cloudwatch_logs, dynamodb, sqs
from ministack.services.cloudformation import provisioners

# What may outlive its stack without a name of its own; ministack knows of buckets itself.
RETAINED = ("AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::SQS::Queue")


def mend_names():
    """A resource gets another name from each stack that makes it.

    Source: the template reference, custom naming: CloudFormation generates a unique ID. ministack
    makes the name of the stack's name and the logical ID, so that a stack that is deployed
    again takes over, and empties, what its predecessor left.
    """
    for kind in RETAINED:
        handler = provisioners._RESOURCE_HANDLERS[kind]

        def seeded(logical_id, props, stack_name, create=handler["create"]):
            if not provisioners._NAME_SEED.get():
                provisioners._NAME_SEED.set(new_uuid()[:8])
            return create(logical_id, props, stack_name)

        handler["create"] = seeded


def mend_taken_names():
    """A resource can't be made whose name another resource of its kind has.

    Source: the template reference, custom naming: names must be unique. ministack
    puts the new resource in the other's place.
    """
    arn = "arn:aws:sqs:{}:{}:{}"
    taken = {
        "AWS::DynamoDB::Table": ("TableName", lambda name: name in dynamodb._tables),
        "AWS::Logs::LogGroup": ("LogGroupName", lambda name: name in cloudwatch_logs._log_groups),
        "AWS::SQS::Queue": (
            "QueueName",
            lambda name: sqs._queue_by_arn(arn.format(get_region(), get_account_id(), name)),
        ),
    }
    for kind, (key, is_taken) in taken.items():
        handler = provisioners._RESOURCE_HANDLERS[kind]

        def unless_taken(logical_id, props, stack_name, create=handler["create"], key=key, is_taken=is_taken):
            if props.get(key) and is_taken(props[key]):
                raise ValueError(f"{props[key]} already exists")
            return create(logical_id, props, stack_name)

        handler["create"] = unless_taken
