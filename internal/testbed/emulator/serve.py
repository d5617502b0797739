"""The local AWS of the rehearsal: ministack, with the AWS behaviour that it lacks.

Each item below names what AWS does. Nothing here makes a check pass: resource
types without effect in a rehearsal (nothing is logged of a flow) are recorded
with the identifiers that AWS would return, so that the stack deploys unmodified.
What a resource of a template must read back with is in the package mends.

It is called with the path of a file, into which it writes, a JSON object a line, what
each session of a role called, and whether the role's rights allowed it.
"""

import json
import re
import sys
import time
from pathlib import Path

import mends
import ministack.app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.iam_evaluator import EvalContext, EvalResult, evaluate_resource_policy
from ministack.core.responses import error_response_json, get_account_id, get_region, new_uuid
from ministack.services import ecr, ecs, eventbridge, s3, sqs, sts
from ministack.services.cloudformation import provisioners

HANDLERS = provisioners._RESOURCE_HANDLERS

# What ministack leaves out of a task definition, or reads in part.
TASK_KEYS = (
    "ContainerDefinitions",
    "EphemeralStorage",
    "InferenceAccelerators",
    "ProxyConfiguration",
    "RuntimePlatform",
    "Volumes",
)

# Maps whose keys are the user's own words, not names of the ECS API.
USER_KEYED = {"options", "dockerLabels", "driverOpts", "labels"}


def recorded(identifier, attributes=lambda identifier: {}):
    """A resource type that is recorded, with its physical ID and attributes."""

    def create(logical_id, props, stack_name):
        physical_id = identifier(props)
        return physical_id, attributes(physical_id)

    def update(physical_id, old_props, new_props, stack_name):
        return physical_id, attributes(physical_id)

    return {"create": create, "update": update, "delete": lambda physical_id, props: None}


def short_id(prefix):
    """An identifier such as "nat-0123456789abcdef0"."""
    return f"{prefix}-{new_uuid().replace('-', '')[:17]}"


def address(props):
    """A public IP address, of the range that is reserved for documentation."""
    return f"203.0.113.{int(new_uuid()[:2], 16)}"


def add_resource_types():
    """CloudFormation accepts these types; ministack refuses a change set with one."""
    HANDLERS.update(
        {
            "AWS::EC2::EIP": recorded(
                address, lambda i: {"PublicIp": i, "AllocationId": "eipalloc-" + i.replace(".", "")}
            ),
            "AWS::EC2::FlowLog": recorded(lambda p: short_id("fl"), lambda i: {"Id": i}),
            "AWS::WAFv2::WebACLAssociation": recorded(lambda p: f"{p['ResourceArn']}|{p['WebACLArn']}"),
            "AWS::Budgets::Budget": recorded(lambda p: p["Budget"].get("BudgetName") or short_id("budget")),
        }
    )


def mend_vpc():
    """Fn::GetAtt of a VPC knows CidrBlock."""
    create = HANDLERS["AWS::EC2::VPC"]["create"]

    def with_cidr_block(logical_id, props, stack_name):
        physical_id, attributes = create(logical_id, props, stack_name)
        return physical_id, {**attributes, "CidrBlock": props.get("CidrBlock", "10.0.0.0/16")}

    HANDLERS["AWS::EC2::VPC"]["create"] = with_cidr_block


def mend_secret():
    """Ref of a secret is its ARN, not its name."""
    handler = HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = handler["create"], handler["update"], handler["delete"]
    names = {}

    def by_arn(result):
        name, attributes = result
        names[attributes["Arn"]] = name
        return attributes["Arn"], attributes

    handler.update(
        create=lambda logical_id, props, stack_name: by_arn(create(logical_id, props, stack_name)),
        update=lambda physical_id, *rest: by_arn(update(names[physical_id], *rest)),
        delete=lambda physical_id, props: delete(names[physical_id], props),
    )


def camel(value):
    """CloudFormation's PascalCase keys as the ECS API's camelCase, at every depth."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    lowered = {key[:1].lower() + key[1:]: item for key, item in value.items()}
    return {key: item if key in USER_KEYED else camel(item) for key, item in lowered.items()}


def mend_task_definition():
    """A task definition reads back with all that the template said.

    ministack converts some nested keys only, so that health check, Linux
    parameters, secrets and volumes read back empty, and drops the platform.
    """
    create = HANDLERS["AWS::ECS::TaskDefinition"]["create"]

    def whole(logical_id, props, stack_name):
        arn, attributes = create(logical_id, props, stack_name)
        definition = ecs._task_defs[arn.rsplit("/", 1)[1]]
        for key in TASK_KEYS:
            if key in props:
                definition[key[:1].lower() + key[1:]] = camel(props[key])
        return arn, attributes

    # ministack's update calls its create by this name.
    provisioners._ecs_task_def_create = whole
    HANDLERS["AWS::ECS::TaskDefinition"]["create"] = whole


def mend_image_lookup():
    """ECR's DescribeImages of an image that isn't there is an error.

    ministack answers an empty list, which the CDK CLI takes for "already
    published", so that it builds and pushes nothing.
    """
    describe = ecr._describe_images

    def or_not_found(data):
        repository = data.get("repositoryName", "")
        for wanted in data.get("imageIds") or []:
            if repository in ecr._repositories and not ecr._find_image(repository, wanted):
                return error_response_json(
                    "ImageNotFoundException",
                    f"The image with imageId {wanted} does not exist within the repository with name '{repository}'",
                    400,
                )
        return describe(data)

    ecr._describe_images = or_not_found


def mend_deduplication():
    """Sending costs the same however many messages were sent before.

    ministack copies the whole memory of deduplication IDs for each message. They
    are all kept for the same time, so the oldest are the first to go.
    """

    def prune(queue):
        remembered, now = queue["dedup_cache"], time.time()
        while remembered:
            oldest = next(iter(remembered))
            if remembered[oldest]["expire"] > now:
                return
            del remembered[oldest]

    sqs._prune_dedup = prune


def mend_full_object_checksum():
    """A multipart upload can be completed with the CRC32 of the whole object.

    S3 compares it where the upload's checksum type is FULL_OBJECT; ministack knows
    only the composite of the parts' checksums, and refuses every other value.
    """
    complete = s3._complete_multipart_upload

    def of_the_whole(bucket, key, body, query, headers=None):
        headers = dict(headers or {})
        upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"))
        if upload is None or headers.get("x-amz-checksum-type") != "FULL_OBJECT":
            return complete(bucket, key, body, query, headers)
        declared = headers.pop("x-amz-checksum-crc32")
        whole = b"".join(part["body"] for _, part in sorted(upload["parts"].items()))
        if s3._compute_s3_checksum("CRC32", whole) != declared:
            return s3._error("BadDigest", "The CRC32 you specified did not match the calculated checksum.", 400)
        response = complete(bucket, key, body, query, headers)
        if response[0] == 200:
            stored = s3._ensure_bucket(bucket)["objects"][key]
            stored.update(checksums={"CRC32": declared}, checksum_type="FULL_OBJECT")
        return response

    s3._complete_multipart_upload = of_the_whole


def mend_event_delivery():
    """A rule delivers to a queue whose policy lets EventBridge send to it.

    ministack asks no queue's policy about EventBridge, so that a rule works whose
    queue would refuse it.
    """
    invoke = eventbridge._invoke_target

    def allowed(queue, rule):
        call = EvalContext(
            principal_arn="*",
            principal_type="Service",
            principal_account="",
            action="sqs:SendMessage",
            resource_arn=queue,
            region=get_region(),
            secure_transport=True,
            service_context={"aws:sourcearn": rule["Arn"], "aws:sourceaccount": get_account_id()},
        )
        policy = (sqs._queue_by_arn(queue) or {"attributes": {}})["attributes"].get("Policy")
        return evaluate_resource_policy(policy, call, service="events.amazonaws.com").decision == "Allow"

    def if_allowed(target, event, rule, view=None):
        arn = target.get("Arn", "")
        if not arn.startswith("arn:aws:sqs:") or allowed(arn, rule):
            invoke(target, event, rule, view)

    eventbridge._invoke_target = if_allowed


def mend_batches():
    """SQS authorizes each entry of a batch as the call for one message.

    Source: the service authorization reference, actions of Amazon SQS, which has no
    action for a batch. ministack asks for sqs:SendMessageBatch and the like.
    """
    extract = iam_actions.extract_iam_action

    def of_one(service, *call):
        action = extract(service, *call)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    iam_actions.extract_iam_action = of_one


def mend_resources():
    """What a call is authorized on, where ministack asks for the right on another name.

    ECR: DescribeRepositories on the repository that it is asked for; ministack reads one
    repository's name only, and takes "*". CloudWatch Logs: what is of a log stream on
    the stream, "log-group:GROUP:log-stream:STREAM"; ministack takes the group.
    Source: the service authorization reference; the errors that CloudWatch Logs gives.
    """
    extract = iam_actions.extract_resource_arn

    def as_aws(service, method, path, headers, body, *rest):
        arn = extract(service, method, path, headers, body, *rest)
        if service == "ecr" and arn == "*":
            names = json.loads(body or b"{}").get("repositoryNames") or []
            if len(names) == 1:
                return f"arn:aws:ecr:{get_region()}:{get_account_id()}:repository/{names[0]}"
        if service == "logs" and (stream := json.loads(body or b"{}").get("logStreamName")):
            return f"{arn}:log-stream:{stream}"
        return arn

    iam_actions.extract_resource_arn = as_aws


# ECS names the session of a task's role by the task's ID.
TASK_ID = re.compile("[0-9a-f]{32}")


def mend_task_roles():
    """ECS assumes the role of a task as ecs-tasks.amazonaws.com, and says for which account.

    Source: the guide of Amazon ECS, task IAM role. ministack takes its root for every
    service and knows of no aws:SourceArn.
    """
    evaluate = iam_evaluator.evaluate_trust_policy

    def as_ecs(document, caller, context=None):
        session = (context.service_context or {}).get("sts:rolesessionname") if context else None
        if not TASK_ID.fullmatch(session or "") or not caller.endswith(":root"):
            return evaluate(document, caller, context)
        document = json.loads(document) if isinstance(document, str) else document
        of_ecs = [
            it
            for it in document["Statement"]
            if iam_evaluator._service_principal_matches(it.get("Principal"), "ecs-tasks.amazonaws.com")
        ]
        account = get_account_id()
        context.service_context.update(
            {
                "aws:sourceaccount": account,
                "aws:sourcearn": f"arn:aws:ecs:{get_region()}:{account}:task/{session}",
            }
        )
        return evaluate({**document, "Statement": of_ecs}, caller, context)

    iam_evaluator.evaluate_trust_policy = as_ecs


def trust_root():
    """What the account's root calls counts as called over TLS.

    The root is the run itself, whose calls don't leave this machine; tasks have
    sessions of roles, and come by the proxy.
    """
    enforce = iam_evaluator.enforce

    def with_origin(access_key, *call, **named):
        if access_key and iam_evaluator.is_root_access_key(access_key):
            address, _ = iam_evaluator._request_origin.get()
            iam_evaluator.pin_request_origin(address, True)
        return enforce(access_key, *call, **named)

    iam_evaluator.enforce = with_origin


def record_calls(path):
    """Write what sessions of roles call to a file, each call that is like no other once."""
    enforce = iam_evaluator.enforce
    file = Path(path).open("w", buffering=1)  # noqa: SIM115 - as long as the emulator
    seen = set()

    def recorded(access_key, action, service, region, resource_arn="*", service_context=None):
        verdict = enforce(access_key, action, service, region, resource_arn, service_context)
        session = sts._sessions.get(access_key)
        if session is None:
            return verdict
        call = {
            "session": session["Arn"],
            "action": action,
            "resource": resource_arn,
            "context": {key: it for key, it in (service_context or {}).items() if isinstance(it, str)},
            "secure": iam_evaluator._request_origin.get()[1],
            "allowed": verdict is None,
            "refusal": verdict.decision if isinstance(verdict, EvalResult) else getattr(verdict, "code", ""),
        }
        line = json.dumps(call)
        if line not in seen:
            seen.add(line)
            file.write(line + "\n")
        return verdict

    iam_evaluator.enforce = recorded


if __name__ == "__main__":
    add_resource_types()
    mend_vpc()
    mend_secret()
    mend_task_definition()
    mend_image_lookup()
    mend_deduplication()
    mend_full_object_checksum()
    mend_event_delivery()
    mend_batches()
    mend_resources()
    mend_task_roles()
    trust_root()
    mends.apply()
    # ministack reads the arguments, too.
    record_calls(sys.argv.pop(1))
    ministack.app.main()
