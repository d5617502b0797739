"""The table of webhooks has every type that Benchling's models know, and does what it says."""

import importlib
import json
from enum import EnumType

import pytest
from benchling_api_client.webhooks.v0.beta.models.webhook_envelope import WebhookEnvelope
from benchling_api_client.webhooks.v0.stable.models.webhook_envelope_v0 import WebhookEnvelopeV0

from src.queues.canvas_request import CANVAS_CREATED, CANVAS_INITIALIZED, CANVAS_INTERACTED
from src.webhook.webhook_types import WEBHOOK_TYPES, Meaning

from .benchling_api import PACKAGE, described, webhook_problems, webhook_schemas
from .conftest import event_body
from .test_routes import messages, post
from .webhooks import ASKED, ENVELOPE, least, webhook

VERSIONS = ("stable", "beta", "alpha")
STATUS = {
    Meaning.EXPORT: "accepted",
    Meaning.CANVAS: "accepted",
    Meaning.LIFECYCLE: "accepted",
    Meaning.IGNORED: "ignored",
}


def described_types(key):
    """The types that messages of the descriptions have under a key."""
    found = set()
    for version in VERSIONS:
        api = described(f"webhooks/v0/{version}")
        for schema in api.schemas.values():
            properties = api.merged(schema).get("properties", {})
            found.update(api.merged(properties.get(key, {})).get("enum", ()))
    return found


def model_types(ending):
    """The types that the Python models have in files whose names end so."""
    found = set()
    for version in VERSIONS:
        for file in (PACKAGE / "webhooks" / "v0" / version / "models").glob(f"*{ending}.py"):
            name = f"benchling_api_client.webhooks.v0.{version}.models.{file.stem}"
            for value in vars(importlib.import_module(name)).values():
                if isinstance(value, EnumType):
                    found.update(it.value for it in value)
    return found


def test_the_table_has_the_types_of_the_descriptions_and_no_other():
    types = described_types("type")
    assert len(types) > 60
    assert set(WEBHOOK_TYPES) == types == set(webhook_schemas())


def test_the_table_has_the_types_of_the_models_and_no_other():
    events = model_types("_event_event_type")
    types = model_types("_type") - events
    assert len(events) == len(described_types("eventType")) > 15
    assert set(WEBHOOK_TYPES) == types | events
    assert events == described_types("eventType")


@pytest.mark.parametrize("kind", WEBHOOK_TYPES)
def test_the_webhooks_of_the_tests_are_as_benchling_describes_them(kind):
    asked = {it: value for it, value in ASKED.items() if it in least(kind)}
    assert webhook_problems(json.loads(event_body(kind, **asked))) == []
    assert webhook_problems({**ENVELOPE, "message": least(kind)}) == []


@pytest.mark.parametrize("kind", WEBHOOK_TYPES)
def test_the_models_read_the_webhooks_of_the_tests(kind):
    asked = {it: value for it, value in ASKED.items() if it in least(kind)}
    body = webhook(kind, **asked)
    stable = webhook_schemas()[kind][0].endswith("stable")
    envelope = (WebhookEnvelopeV0 if stable else WebhookEnvelope).from_dict(body, strict=True)
    assert type(envelope.message).__name__ == webhook_schemas()[kind][1]["$ref"].rsplit("/")[-1]
    assert envelope.message.type == kind


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"version": "1"}, "$.version"),
        ({"baseURL": 7}, "$.baseURL"),
        ({"message": {"type": "v2.entry.painted"}}, "no such webhook"),
        ({"message": {**least("v2.entry.created"), "id": 7}}, "message: $.id"),
        ({"message": {**least("v2.canvas.created"), "buttonId": "x"}}, "'buttonId' was unexpected"),
        ({"message": {"type": "v2.entry.created"}}, "'resourceId' is a required property"),
        ({"appDefinition": {"id": "appdef_1"}}, "'versionNumber' is a required property"),
    ],
)
def test_a_webhook_of_another_form_is_found(change, problem):
    problems = webhook_problems({**ENVELOPE, "message": least("v2.entry.created"), **change})
    assert any(problem in it for it in problems), problems


@pytest.mark.parametrize("kind", WEBHOOK_TYPES)
def test_the_least_message_of_every_type_does_what_the_table_says(
    client, signer, queue, canvas_queue, kind
):
    meaning = WEBHOOK_TYPES[kind]
    body = json.dumps({**ENVELOPE, "message": least(kind)}).encode()
    for number, path in enumerate(("/event", "/canvas", "/lifecycle", "/")):
        response = client.post(path, data=body, headers=signer.headers(body, f"wh_{number}"))
        assert (response.status_code, response.json["status"]) == (200, STATUS[meaning])
    exports, canvases = messages(queue), messages(queue, canvas_queue)
    assert len(exports) == (4 if meaning is Meaning.EXPORT else 0)
    assert len(canvases) == (4 if meaning is Meaning.CANVAS else 0)
    # Only the canvas itself tells which entry it was put into.
    entry_id = "" if kind in CANVAS_CREATED else "etr_1"
    for queued in exports + canvases:
        assert queued["entry_id"] == entry_id
        assert queued["payload"]["message"] == least(kind)


def test_the_table_names_what_the_code_reads():
    for kind in (*CANVAS_CREATED, CANVAS_INITIALIZED, CANVAS_INTERACTED):
        assert WEBHOOK_TYPES[kind] is Meaning.CANVAS


def test_a_type_that_benchling_adds_is_acknowledged_without_effect(client, signer, queue):
    body = event_body("v4.entry.created")
    response = post(client, signer, "/event", body)
    assert (response.status_code, response.json["status"]) == (200, "ignored")
    assert messages(queue) == []
