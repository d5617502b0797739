"""The routes of entries and of the app's own life."""

from __future__ import annotations

import re

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from structlog.contextvars import bind_contextvars
from werkzeug.exceptions import BadRequest

from ..calls import Calls, ignored
from ..canvas_calls import ID
from ..intake import Event

EXPORTED_TYPES = frozenset({"v2.entry.created", "v2.entry.updated.fields"})
# The service keeps nothing of an installation, so that knowing of it is enough.
LIFECYCLE_TYPES = frozenset(
    {
        "v2.app.installed",
        "v2.app.activateRequested",
        "v2.app.deactivated",
        "v2.app.configuration.updated",
        "v2-beta.app.configuration.updated",
    }
)


def webhook_routes(calls: Calls) -> Blueprint:
    """Return the routes; an event is queued before it is acknowledged."""
    routes = Blueprint("webhooks", __name__)

    @routes.post("/event")
    def event() -> ResponseReturnValue:
        webhook_id, payload = calls.read()
        kind = payload["message"]["type"]
        if kind not in EXPORTED_TYPES:
            return ignored(kind)
        entry_id = payload["message"].get("resourceId")
        if not isinstance(entry_id, str) or not re.fullmatch(ID, entry_id):
            raise BadRequest("the message has no resourceId")
        return jsonify(status=calls.queue(Event(webhook_id, "event", entry_id, payload)))

    @routes.post("/lifecycle")
    def lifecycle() -> ResponseReturnValue:
        _, payload = calls.read()
        kind = payload["message"]["type"]
        if kind not in LIFECYCLE_TYPES:
            return ignored(kind)
        bind_contextvars(outcome="accepted", type=kind)
        return jsonify(status="accepted", type=kind)

    return routes
