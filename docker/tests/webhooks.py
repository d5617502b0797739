"""Webhooks as Benchling sends them, made from its description."""

from typing import Any

from .benchling_api import described, webhook_schemas
from .instances import minimal

ENVELOPE = {
    "version": "0",
    "baseURL": "https://acme.benchling.com",
    "tenantId": "ten_1",
    "app": {"id": "app_1"},
    "appDefinition": {"id": "appdef_1", "versionNumber": "1.0.0"},
    "channel": "events",
}
# What an event is about; what is asked of a canvas is for the test to say.
ABOUT = {"resourceId": "etr_1", "featureId": "f", "userId": "ent_1"}
ASKED = {"canvasId": "cnvs_1", "buttonId": "update-package:etr_1"}
EVENT = {
    "id": "evt_1",
    "createdAt": "2026-01-02T03:04:05.678901+00:00",
    "deprecated": False,
    "excludedProperties": [],
    **ABOUT,
}


def webhook(kind: Any, **values: object) -> dict[str, Any]:
    """Return a webhook's body: the least of its type, with values; None leaves one out.

    The IDs of a canvas and its button are the caller's.
    """
    found = webhook_schemas().get(kind) if isinstance(kind, str) else None
    message = {it: value for it, value in least(kind).items() if it not in ASKED} if found else {}
    message = {**(message or EVENT), "type": kind, **values}
    return {
        **ENVELOPE,
        "message": {name: value for name, value in message.items() if value is not None},
    }


def least(kind: str) -> dict[str, Any]:
    """Return the minimal message of a type, about the entry and the canvas of the tests."""
    name, schema = webhook_schemas()[kind]
    message = minimal(described(name), schema)
    known = {**EVENT, **ASKED}
    return {it: known.get(it, value) for it, value in message.items()}
