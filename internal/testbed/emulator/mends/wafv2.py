"""AWS WAF."""

import json

from ministack.services import waf
from ministack.services.cloudformation import provisioners


def mend_ip_set():
    """A template can have an IP set, whose Ref is its name, ID and scope.

    Source: the template reference, AWS::WAFv2::IPSet, return values. ministack refuses a
    template with the type.
    """

    def create(logical_id, props, stack_name):
        name = props.get("Name") or provisioners._physical_name(stack_name, logical_id, max_len=128)
        status, _, body = waf._create_ip_set({**props, "Name": name})
        if status >= 400:
            raise ValueError(f"AWS::WAFv2::IPSet {name}: {body!r}")
        made = json.loads(body)["Summary"]
        return f"{name}|{made['Id']}|{props['Scope']}", {"Arn": made["ARN"], "Id": made["Id"]}

    def parts(physical_id):
        name, uid, scope = physical_id.split("|")
        return {"Name": name, "Id": uid, "Scope": scope}

    def update(physical_id, old, new, stack_name):
        waf._update_ip_set({**new, **parts(physical_id)})
        found = json.loads(waf._get_ip_set(parts(physical_id))[2])["IPSet"]
        return physical_id, {"Arn": found["ARN"], "Id": found["Id"]}

    provisioners._RESOURCE_HANDLERS["AWS::WAFv2::IPSet"] = {
        "create": create,
        "update": update,
        "delete": lambda physical_id, props: waf._delete_ip_set(parts(physical_id)),
    }
