"""The route of the canvas in an entry."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Blueprint, g, jsonify
from flask.typing import ResponseReturnValue
from structlog.contextvars import bind_contextvars
from werkzeug.exceptions import BadRequest

from ..calls import Calls, ignored
from ..canvas import Canvas, queued
from ..canvas_calls import CanvasCallError, read_canvas_call
from ..intake import Event

# Of the three seconds that Benchling waits: after this, a canvas is answered
# without the entry's state, which the worker draws anyway.
DRAWN_WITHIN_SECONDS = 1.0


def canvas_routes(calls: Calls, drawing: Callable[[], Canvas]) -> Blueprint:
    """Return the route: what is asked for is queued, and the canvas is the answer."""
    routes = Blueprint("canvas", __name__)

    @routes.post("/canvas")
    def canvas() -> ResponseReturnValue:
        webhook_id, payload = calls.read()
        try:
            call = read_canvas_call(payload["message"])
        except CanvasCallError as error:
            raise BadRequest(str(error)) from error
        if call is None:
            return ignored(payload["message"]["type"])
        bind_contextvars(canvas_id=call.canvas_id)
        # A page is drawn at once; an export waits for the entry's other events.
        group = call.canvas_id if call.page or not call.entry_id else call.entry_id
        status = calls.queue(Event(webhook_id, "canvas", call.entry_id, payload, group))
        in_time = time.monotonic() - g.began < DRAWN_WITHIN_SECONDS
        known = call.entry_id and in_time
        blocks = drawing().blocks(call.entry_id, call.page) if known else queued(call.entry_id)
        return jsonify(status=status, blocks=blocks)

    return routes
