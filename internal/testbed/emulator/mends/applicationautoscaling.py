"""Application Auto Scaling, which ministack doesn't have at all."""

import json
import time

import ministack.app
from ministack.core import router
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response, new_uuid
from ministack.services.cloudformation import provisioners

# What is registered, by physical ID. Nothing here scales.
targets = {}
policies = {}
# The scheduled actions of a target, by its physical ID.
actions = {}

TARGET_KEYS = ("ServiceNamespace", "ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity", "RoleARN")
ACTION_KEYS = ("ScheduledActionName", "Schedule", "Timezone", "ScalableTargetAction")
POLICY_KEYS = (
    "PolicyName",
    "PolicyType",
    "StepScalingPolicyConfiguration",
    "TargetTrackingScalingPolicyConfiguration",
)


def put_target(physical_id, props):
    """Register a scalable target, or what a template changed of one."""
    made = targets.get(physical_id, {}).get("CreationTime", time.time())
    targets[physical_id] = {key: props[key] for key in TARGET_KEYS if key in props} | {
        "CreationTime": made,
        "ScalableTargetARN": f"arn:aws:application-autoscaling:{get_region()}:{get_account_id()}:scalable-target/"
        + new_uuid().replace("-", "")[:22],
    }
    arn = f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scheduledAction:{new_uuid()}"
    actions[physical_id] = [
        {key: action[key] for key in ACTION_KEYS if key in action}
        | {key: props[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
        | {"CreationTime": made, "ScheduledActionARN": f"{arn}:scheduledActionName/{action['ScheduledActionName']}"}
        for action in props.get("ScheduledActions", [])
    ]
    return physical_id, {"Id": physical_id}


def put_policy(physical_id, props):
    """Register a scaling policy of the target that its properties name."""
    target = targets.get(props.get("ScalingTargetId"), props)
    made = policies.get(physical_id, {}).get("CreationTime", time.time())
    policies[physical_id] = {key: props[key] for key in POLICY_KEYS if key in props} | {
        "PolicyARN": physical_id,
        "ServiceNamespace": target["ServiceNamespace"],
        "ResourceId": target["ResourceId"],
        "ScalableDimension": target["ScalableDimension"],
        "CreationTime": made,
    }
    return physical_id, {"Arn": physical_id}


def target_id(props):
    """Ref of a scalable target: resource ID, dimension and namespace."""
    return "|".join(props[key] for key in ("ResourceId", "ScalableDimension", "ServiceNamespace"))


def policy_arn(props):
    """Ref of a scaling policy: its ARN."""
    target = props.get("ScalingTargetId") or props.get("ResourceId", "")
    return (
        f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scalingPolicy:{new_uuid()}"
        f":resource/ecs/{target.split('|')[0]}:policyName/{props['PolicyName']}"
    )


def resource_type(identify, put, registered):
    """A resource type whose resources are registered by their physical IDs."""
    return {
        "create": lambda logical_id, props, stack_name: put(identify(props), props),
        "update": lambda physical_id, old, new, stack_name: put(physical_id, new),
        "delete": lambda physical_id, props: registered.pop(physical_id, None),
    }


async def handle(method, path, headers, body, query):
    """Respond to what describes targets, policies and scheduled actions, in one page."""
    asked = json.loads(body or b"{}")
    action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    if action == "DescribeScalableTargets":
        return json_response({"ScalableTargets": chosen(targets, asked, ids="ResourceIds")})
    if action == "DescribeScalingPolicies":
        return json_response({"ScalingPolicies": chosen(policies, asked)})
    if action == "DescribeScheduledActions":
        there = {(target, i): it for target in targets for i, it in enumerate(actions[target])}
        return json_response({"ScheduledActions": chosen(there, asked)})
    return error_response_json("UnknownOperationException", f"{action} isn't emulated", 400)


def chosen(registered, asked, ids=None):
    """What is registered of the namespace and of the resources that a request names."""
    resources = asked.get(ids or "ResourceIds") or ([asked["ResourceId"]] if "ResourceId" in asked else [])
    return [
        it
        for it in registered.values()
        if it["ServiceNamespace"] == asked.get("ServiceNamespace") and (not resources or it["ResourceId"] in resources)
    ]


def mend_scaling():
    """Scalable targets, scaling policies and scheduled actions are kept as in the template, and described.

    Source: the API reference of Application Auto Scaling, DescribeScalableTargets,
    DescribeScalingPolicies and DescribeScheduledActions; the template reference, AWS::ApplicationAutoScaling, for Ref.
    """
    namespace = "AWS::ApplicationAutoScaling"
    provisioners._RESOURCE_HANDLERS.update(
        {
            f"{namespace}::ScalableTarget": resource_type(target_id, put_target, targets),
            f"{namespace}::ScalingPolicy": resource_type(policy_arn, put_policy, policies),
        }
    )
    reset_all = ministack.app._reset_all_state

    def reset():
        reset_all()
        for kept in (targets, policies, actions):
            kept.clear()

    ministack.app._reset_all_state = reset
    router.SERVICE_PATTERNS["application-autoscaling"] = {"target_prefixes": ["AnyScaleFrontendService"]}
    ministack.app.SERVICE_HANDLERS["application-autoscaling"] = handle
