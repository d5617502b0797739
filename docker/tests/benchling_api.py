"""Benchling's own description of its API and webhooks, and what breaks it.

Source: the openapi.yaml files of benchling_api_client. They are read more strictly
than OpenAPI 3.0 asks for: an object has no property that its schema doesn't name.
And more kindly where the literal description would refuse what is meant: ``additionalProperties:
false`` beside ``allOf`` is of all members together, ``oneOf`` of schemas that overlap
is ``anyOf``, and ``nullable`` counts without a ``type`` too.
"""

import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import yaml
from openapi_schema_validator import OAS30ReadValidator, OAS30Validator, OAS30WriteValidator
from referencing import Registry, Resource

# The whole client: the image's own has no descriptions, and the tests' comes after it.
PACKAGE = next(
    package
    for path in sys.path
    if (package := Path(path) / "benchling_api_client").joinpath("v2/stable/openapi.yaml").exists()
)
ROOT = "/api/v2"
COMPONENT = "#/components/schemas/"
# Of all tasks the service knows only those of exports.
NARROWER = {("getTask", "200"): "ExportsAsyncTask"}
ANNOTATIONS = {"description", "example", "examples", "title", "default", "deprecated"}
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

Schema = dict[str, Any]


class Description:
    """An openapi.yaml."""

    def __init__(self, file: Path) -> None:
        self.document = yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
        self.schemas: dict[str, Schema] = self.document["components"]["schemas"]
        self._registry = Registry(retrieve=cache(self._retrieve))
        # What is written out goes before what a parameter takes.
        self._paths = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", template)), operations)
            for template, operations in sorted(
                self.document["paths"].items(), key=lambda it: it[0].count("{")
            )
        ]
        self._validators: dict[tuple[str, str], Any] = {}

    def merged(self, schema: Schema) -> Schema:
        """Return a schema without a reference and without allOf at its top."""
        if "$ref" in schema:
            return self.merged(self.schemas[schema["$ref"].removeprefix(COMPONENT)])
        result: Schema = {}
        for member in (*map(self.merged, schema.get("allOf", ())), schema):
            for key, value in member.items():
                if key in ANNOTATIONS or key == "allOf":
                    continue
                if key == "properties":
                    result[key] = _united(result.get(key, {}), value)
                elif key == "required":
                    result[key] = sorted({*result.get(key, ()), *value})
                elif key == "enum":
                    result[key] = [it for it in value if it in result.get(key, value)]
                elif key != "additionalProperties" or result.get(key) is not False:
                    result[key] = value
        if "properties" in result:
            result.setdefault("type", "object")
            result.setdefault("additionalProperties", False)
        return result

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """Return what is described of a method and a path below /api/v2, or None."""
        if not path.startswith(f"{ROOT}/"):
            return None
        for pattern, operations in self._paths:
            operation = operations.get(method.lower())
            if operation and pattern.fullmatch(path.removeprefix(ROOT)):
                parameters = operations.get("parameters", []) + operation.get("parameters", [])
                return {**operation, "parameters": parameters}
        return None

    def problems(
        self, instance: object, schema: Schema, kind: type = OAS30Validator
    ) -> Iterator[str]:
        """Return each way in which an instance isn't what its schema says."""
        key = (kind.__name__, json.dumps(schema, sort_keys=True))
        if key not in self._validators:
            self._validators[key] = kind(
                self._strict(schema),
                registry=self._registry,
                format_checker=OAS30Validator.FORMAT_CHECKER,
            )
        for error in self._validators[key].iter_errors(instance):
            yield f"{error.json_path}: {error.message[:300]}"

    def _retrieve(self, name: str) -> Resource:
        return Resource.opaque(self._strict(self.schemas[name.removeprefix("component:")]))

    def _strict(self, schema: Schema) -> Schema:
        """Return a schema as the validator takes it; what it refers to is found by name."""
        if "$ref" in schema:
            return {"$ref": _name(schema["$ref"])}
        schema = self.merged(schema)
        if "properties" in schema:
            properties = schema["properties"].items()
            schema["properties"] = {name: self._strict(it) for name, it in properties}
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                schema[key] = self._strict(schema[key])
        if discriminator := schema.get("discriminator"):
            mapping = {name: _name(it) for name, it in discriminator.get("mapping", {}).items()}
            schema["discriminator"] = {**discriminator, "mapping": mapping}
        elif "oneOf" in schema:
            schema["anyOf"] = schema.pop("oneOf")
        for key in ("oneOf", "anyOf"):
            if key in schema:
                schema[key] = [self._strict(it) for it in schema[key]]
                if schema.get("nullable") and "type" not in schema:
                    return {"anyOf": [{"enum": [None]}, schema]}
        return schema


@cache
def described(name: str = "v2/stable") -> Description:
    """Return a description by its directory in the client; each is read once."""
    return Description(PACKAGE / name / "openapi.yaml")


def request_problems(method: str, target: str, content_type: str, body: bytes) -> list[str]:
    """Return each way in which a request isn't what Benchling describes."""
    api = described()
    path, _, query = target.partition("?")
    operation = api.operation(method, path)
    if operation is None:
        return [f"{method} {path}: Benchling has no such operation"]
    found = [*_query_problems(api, operation, query), *_body_problems(api, operation, body)]
    media = content_type.partition(";")[0].strip()
    if body and media not in operation.get("requestBody", {}).get("content", {}):
        found.append(f"a body of type {media!r} isn't described")
    return [f"{method} {path}, request: {it}" for it in found]


def response_problems(method: str, target: str, status: int, value: object) -> list[str]:
    """Return each way in which a response of JSON isn't what Benchling describes."""
    api = described()
    path = target.partition("?")[0]
    operation = api.operation(method, path)
    if operation is None:
        return [f"{method} {path}: Benchling has no such operation"]
    schema = response_schema(operation, str(status))
    if schema is None:
        return [f"{method} {path}: status {status} isn't described"]
    found = api.problems(value, schema, OAS30ReadValidator)
    return [f"{method} {path}, response {status}: {it}" for it in found]


def response_schema(operation: dict[str, Any], status: str) -> Schema | None:
    """Return the schema of a response that the service can get, or None."""
    if narrower := NARROWER.get((operation["operationId"], status)):
        return {"$ref": COMPONENT + narrower}
    response = operation["responses"].get(status)
    return response["content"][JSON]["schema"] if response and "content" in response else None


def webhook_problems(payload: dict[str, Any]) -> list[str]:
    """Return each way in which a webhook's body isn't what Benchling describes."""
    message = payload.get("message")
    schema = webhook_schemas().get(message.get("type")) if isinstance(message, dict) else None
    if schema is None:
        return ["$.message.type: Benchling has no such webhook"]
    name, reference = schema
    stable = described("webhooks/v0/stable")
    envelope = stable.merged({"$ref": COMPONENT + "WebhookEnvelopeV0"})
    # A message of the beta has its schema in the beta's own description.
    open_envelope = {**envelope, "properties": {**envelope["properties"], "message": {}}}
    return [
        *stable.problems(payload, open_envelope),
        *(f"message: {it}" for it in described(name).problems(message, reference)),
    ]


@cache
def webhook_schemas() -> dict[str, tuple[str, Schema]]:
    """Return the description and the schema of each type of webhook that has an envelope."""
    found = {}
    for name, message in (
        ("webhooks/v0/beta", "WebhookMessage"),
        ("webhooks/v0/stable", "WebhookMessageV0"),
    ):
        mapping = described(name).schemas[message]["discriminator"]["mapping"]
        found.update({kind: (name, {"$ref": ref}) for kind, ref in mapping.items()})
    return found


def _query_problems(api: Description, operation: dict[str, Any], query: str) -> Iterator[str]:
    given = parse_qs(query, keep_blank_values=True)
    known = {it["name"]: it for it in operation["parameters"] if it["in"] == "query"}
    for name, values in given.items():
        if name not in known:
            yield f"the parameter {name!r} isn't described"
            continue
        schema = api.merged(known[name]["schema"])
        value = int(values[-1]) if schema["type"] == "integer" else values[-1]
        yield from (f"{name}: {it}" for it in api.problems(value, schema))
    for name, parameter in known.items():
        if parameter.get("required") and name not in given:
            yield f"the parameter {name!r} is missing"


def _body_problems(api: Description, operation: dict[str, Any], body: bytes) -> Iterator[str]:
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        if body:
            yield "a body isn't described"
        return
    ((media, described_body),) = content.items()
    try:
        if media == FORM:
            value = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
        else:
            value = json.loads(body)
    except ValueError:
        yield f"the body isn't {media}"
        return
    yield from api.problems(value, described_body["schema"], OAS30WriteValidator)


def _united(first: dict[str, Schema], second: dict[str, Schema]) -> dict[str, Schema]:
    both = {name: {"allOf": [first[name], second[name]]} for name in first.keys() & second.keys()}
    return {**first, **second, **both}


def _name(reference: str) -> str:
    return f"component:{reference.removeprefix(COMPONENT)}"
