"""Write what botocore's models say of the operations that the service calls, as JSON."""

import json

import botocore.session

OPERATIONS = {
    "sqs": [
        "ChangeMessageVisibility",
        "ChangeMessageVisibilityBatch",
        "DeleteMessage",
        "DeleteMessageBatch",
        "GetQueueAttributes",
        "ReceiveMessage",
        "SendMessage",
        "SendMessageBatch",
    ],
    "dynamodb": ["DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"],
    "secretsmanager": ["DescribeSecret", "GetSecretValue"],
    "logs": ["CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents"],
}
KEPT = ("type", "required", "enum", "min", "max", "pattern")


def shape_of(shape):
    """What Go reads of a shape."""
    kept = {name: shape[name] for name in KEPT if shape.get(name) not in (None, [])}
    if "members" in shape:
        kept["members"] = {name: it["shape"] for name, it in sorted(shape["members"].items())}
    for name in ("member", "key", "value"):
        if name in shape:
            kept[name] = shape[name]["shape"]
    return kept


def below(shapes, name, found):
    """Collect a shape and those that it is made of."""
    if name in found:
        return
    found[name] = shape_of(shapes[name])
    for inner in found[name].get("members", {}).values():
        below(shapes, inner, found)
    for part in ("member", "key", "value"):
        if part in found[name]:
            below(shapes, found[name][part], found)


def main():
    """Print the models."""
    loader = botocore.session.get_session().get_component("data_loader")
    written = {}
    for service, operations in OPERATIONS.items():
        model = loader.load_service_model(service, "service-2")
        found = {}
        inputs = {it: model["operations"][it]["input"]["shape"] for it in operations}
        for name in inputs.values():
            below(model["shapes"], name, found)
        written[model["metadata"]["targetPrefix"]] = {"operations": inputs, "shapes": found}
    print(json.dumps(written, indent=1, sort_keys=True))


main()
