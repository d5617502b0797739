"""The routes that Benchling posts to; a webhook's type says what it means."""

from __future__ import annotations

import time

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from structlog.contextvars import bind_contextvars
from werkzeug.exceptions import BadRequest

from ...queues.canvas_request import EventError, canvas_request, id_of
from ...queues.event import Event
from ..intake import Intake
from ..webhook_requests import WebhookRequests, accept, ignored
from ..webhook_types import WEBHOOK_TYPES, Meaning

# Benchling's "suffixed" routing posts below the URL by the kind of webhook,
# its "stable" routing to the URL itself.
ROUTES = ("/", "/event", "/canvas", "/lifecycle")


def webhook_routes(requests: WebhookRequests, events: Intake, canvases: Intake) -> Blueprint:
    """Return the routes; a webhook is queued before it is acknowledged."""
    routes = Blueprint("webhooks", __name__)

    def receive() -> ResponseReturnValue:
        webhook_id, payload = requests.read()
        message = payload["message"]
        kind = message["type"]
        meaning = WEBHOOK_TYPES.get(kind, Meaning.IGNORED)
        if meaning is Meaning.LIFECYCLE:
            bind_contextvars(outcome="accepted", type=kind)
            return jsonify(status="accepted", type=kind)
        try:
            if meaning is Meaning.EXPORT:
                event = Event(webhook_id, time.time(), id_of(message, "resourceId"), payload)
                return accept(events, event, event.entry_id)
            request = canvas_request(message) if meaning is Meaning.CANVAS else None
        except EventError as error:
            raise BadRequest(str(error)) from error
        if request is None:
            return ignored(kind)
        bind_contextvars(canvas_id=request.canvas_id)
        event = Event(webhook_id, time.time(), request.entry_id, payload)
        return accept(canvases, event, request.entry_id or request.canvas_id)

    for path in ROUTES:
        # Strictly, a request without a path would be redirected to "/".
        strict = path != "/"
        routes.add_url_rule(
            path, f"receive{path}", receive, methods=["POST"], strict_slashes=strict
        )
    return routes
