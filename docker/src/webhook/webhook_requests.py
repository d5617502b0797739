"""A webhook request: verified, read, and its event queued."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from structlog.contextvars import bind_contextvars
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from ..queues.canvas_request import EventError
from ..queues.event import Event
from ..runtime.metrics import Metrics
from ..runtime.settings import Settings
from .batch_sender import IntakeError, MessageRefusedError
from .intake import EventSizeError, Intake
from .keys import KeyProvider, KeysUnavailableError
from .request_span import request_span
from .verification import VerificationError, read_headers, verify_webhook

# Benchling's bodies have a handful of levels. What reads an event further on, with
# more of the stack in use, can have so many.
LEVELS = 100
# Benchling's types have some tens. One that isn't known is logged and acknowledged.
TYPE_CHARACTERS = 200

log = structlog.get_logger()


class WebhookRequests:
    """Verifies and reads the request at hand."""

    def __init__(self, settings: Callable[[], Settings], keys: KeyProvider) -> None:
        """Take what returns the settings in force, and the app's keys."""
        self._settings = settings
        self._keys = keys

    def read(self) -> tuple[str, dict[str, Any]]:
        """Return the request's webhook ID and its payload, whose message has a type.

        Raises VerificationError, KeysUnavailableError or BadRequest.
        """
        webhook_id = self._verify()
        g.signed = True
        bind_contextvars(webhook_id=webhook_id)
        return webhook_id, _payload(request.get_data())

    def _verify(self) -> str:
        settings = self._settings()
        if settings.problems:
            raise KeysUnavailableError("the service is not ready; see /health/ready")
        signed = read_headers(request.headers, time.time())
        body, app = request.get_data(), settings.secret.app_definition_id
        known = self._keys.current()
        try:
            return verify_webhook(body, signed, known, app)
        except VerificationError:
            newer = self._keys.newer_than(known)
            if not newer:
                raise
            return verify_webhook(body, signed, newer, app)


def accept(intake: Intake, event: Event, group: str) -> ResponseReturnValue:
    """Queue an event, and respond "accepted", or "duplicate" if it is known.

    Raises IntakeError, RequestEntityTooLarge or BadRequest.
    """
    bind_contextvars(entry_id=event.entry_id)
    try:
        with request_span(event, intake.queue) as traced:
            new = intake.accept(traced, group)
    except EventError as error:
        raise BadRequest(str(error)) from error
    except EventSizeError as error:
        raise RequestEntityTooLarge(str(error)) from error
    except MessageRefusedError as error:
        raise BadRequest(f"the queue can't hold the event ({error})") from error
    status = "accepted" if new else "duplicate"
    g.accepted = new
    bind_contextvars(outcome=status)
    return jsonify(status=status)


def ignored(kind: str) -> ResponseReturnValue:
    """Acknowledge a webhook of a type that the service does nothing for."""
    bind_contextvars(outcome="ignored", type=kind)
    return jsonify(status="ignored", type=kind)


def register_error_handlers(app: Flask) -> None:
    """Respond to what ``WebhookRequests`` raises by 401, or 503 for what may succeed later."""

    @app.errorhandler(VerificationError)
    def refused(error: VerificationError) -> ResponseReturnValue:
        bind_contextvars(outcome="refused", reason=str(error))
        g.refused = True
        return jsonify(error="unverified", message=str(error)), 401

    @app.errorhandler(KeysUnavailableError)
    def without_keys(error: KeysUnavailableError) -> ResponseReturnValue:
        log.error("keys.unavailable", reason=str(error))
        return unavailable()

    @app.errorhandler(IntakeError)
    def without_queue(error: IntakeError) -> ResponseReturnValue:
        log.error("queue.unavailable", reason=str(error))
        return unavailable()

    def unavailable() -> ResponseReturnValue:
        return jsonify(error="unavailable", message="try again later"), 503


def count_outcomes(app: Flask, metrics: Metrics) -> None:
    """Have counted what was queued, what was refused for its signature, and what failed.

    A failure is what may be this release's fault, and no caller's without a signature:
    a signed webhook whose response is 5xx, and whatever nobody foresaw.
    """

    @app.after_request
    def count(response: Response) -> Response:
        status = response.status_code
        if status == HTTPStatus.INTERNAL_SERVER_ERROR or (
            g.get("signed") and status > HTTPStatus.INTERNAL_SERVER_ERROR
        ):
            metrics.put("WebhooksFailed", 1, "Count")
        if g.get("accepted"):
            metrics.count("EventsAccepted")
        if g.get("refused"):
            metrics.count("EventsRefused")
        return response


def _payload(body: bytes) -> dict[str, Any]:
    """Return a verified body as JSON with a typed message."""
    try:
        # Strictly UTF-8, which JSON is; bytes could be taken for another encoding.
        payload = json.loads(body.decode(), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise BadRequest("the body is nested too deeply") from error
    except ValueError as error:
        # Also a whole number of more than 4,300 digits.
        raise BadRequest("the body is not JSON that the service can read") from error
    if body.count(b"[") + body.count(b"{") >= LEVELS and not _is_shallow(payload):
        raise BadRequest("the body is nested too deeply")
    message = payload.get("message") if isinstance(payload, dict) else None
    kind = message.get("type") if isinstance(message, dict) else None
    if not isinstance(kind, str) or len(kind) > TYPE_CHARACTERS:
        raise BadRequest(
            f"the body has no message with a type of up to {TYPE_CHARACTERS} characters"
        )
    return dict(payload)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _is_shallow(value: object) -> bool:
    level = [value]
    for _ in range(LEVELS):
        containers = [it for it in level if isinstance(it, dict | list)]
        if not containers:
            return True
        level = [
            inner for it in containers for inner in (it.values() if isinstance(it, dict) else it)
        ]
    return False
