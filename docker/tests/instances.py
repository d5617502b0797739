"""Values made from a schema of Benchling's description: the least, all that there is, any."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from .benchling_api import Description, Schema

FORMATS = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05.678901+00:00",
    "uri": "https://acme.benchling.com/a/b",
    "uuid": "f438d656-c2c3-40a4-b3fd-d7e58db78242",
}


def minimal(api: Description, schema: Schema, name: str = "text") -> Any:
    """Return the least that a schema allows: what is required, and no more."""
    schema = api.merged(schema)
    if "discriminator" in schema:
        tag, branch = _branches(schema)[0]
        return {**minimal(api, branch), schema["discriminator"]["propertyName"]: tag}
    if branches := schema.get("oneOf", schema.get("anyOf")):
        return minimal(api, branches[0], name)
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        return {key: minimal(api, properties[key], key) for key in schema.get("required", ())}
    if schema.get("type") == "array":
        return []
    return _plain(schema, name)[0]


def variants(api: Description, schema: Schema, name: str = "text", above: tuple = ()) -> list[Any]:
    """Return instances that have, together, every property, branch and enumerated value.

    The last is the minimal one. A schema within itself is minimal there.
    """
    reference = schema.get("$ref")
    if reference in above:
        return [minimal(api, schema)]
    above = (*above, reference) if reference else above
    schema = api.merged(schema)
    if "discriminator" in schema:
        key = schema["discriminator"]["propertyName"]
        found = [
            {**it, key: tag}
            for tag, branch in _branches(schema)
            for it in variants(api, branch, name, above)
        ]
    elif branches := schema.get("oneOf", schema.get("anyOf")):
        found = [it for branch in branches for it in variants(api, branch, name, above)]
    elif schema.get("type") == "object":
        found = _objects(api, schema, above)
    elif schema.get("type") == "array":
        found = [variants(api, schema["items"], name, above), []]
    else:
        found = _plain(schema, name)
    return [*([None] if schema.get("nullable") else []), *found]


def any_of(api: Description, schema: Schema, depth: int = 6) -> SearchStrategy[Any]:
    """Return a strategy for instances of a schema; below the depth they are minimal."""
    if not depth:
        return st.just(minimal(api, schema))
    schema = api.merged(schema)
    if "discriminator" in schema:
        key = schema["discriminator"]["propertyName"]
        found = st.one_of(
            any_of(api, branch, depth - 1).map(lambda it, tag=tag: {**it, key: tag})
            for tag, branch in _branches(schema)
        )
    elif branches := schema.get("oneOf", schema.get("anyOf")):
        found = st.one_of(any_of(api, it, depth - 1) for it in branches)
    elif schema.get("type") == "object":
        properties = {
            key: any_of(api, it, depth - 1) for key, it in schema.get("properties", {}).items()
        }
        required = {key: properties.pop(key) for key in schema.get("required", ())}
        found = st.fixed_dictionaries(required, optional=properties)
        values = schema.get("additionalProperties")
        if isinstance(values, dict):
            found = st.dictionaries(st.text(max_size=8), any_of(api, values, depth - 1), max_size=3)
    elif schema.get("type") == "array":
        found = st.lists(any_of(api, schema["items"], depth - 1), max_size=3)
    elif schema.get("type") == "string" and not {"enum", "format"} & schema.keys():
        found = st.text(max_size=12)
    else:
        found = st.sampled_from(_plain(schema, "text"))
    return st.none() | found if schema.get("nullable") else found


def _branches(schema: Schema) -> list[tuple[str, Schema]]:
    return [(tag, {"$ref": ref}) for tag, ref in schema["discriminator"]["mapping"].items()]


def _objects(api: Description, schema: Schema, above: tuple) -> list[Any]:
    least = {
        key: minimal(api, schema["properties"][key], key) for key in schema.get("required", ())
    }
    values = schema.get("additionalProperties")
    if "properties" in schema:
        choices = {key: variants(api, it, key, above) for key, it in schema["properties"].items()}
        count = max(map(len, choices.values()), default=1)
        found = [
            {key: them[number % len(them)] for key, them in choices.items()}
            for number in range(count)
        ]
    elif isinstance(values, dict):
        named = enumerate(variants(api, values, "value", above))
        found = [{f"key {number}": value for number, value in named}]
    else:
        found = [{"key": "value"}]
    return [*found, least]


def _plain(schema: Schema, name: str) -> list[Any]:
    if "enum" in schema:
        return [it for it in schema["enum"] if it is not None]
    kind = schema.get("type")
    if kind == "boolean":
        return [True, False]
    if kind in ("integer", "number"):
        return [max(schema.get("minimum", 7), min(schema.get("maximum", 7), 7))]
    return [FORMATS.get(schema.get("format", ""), f"a {name}")]
