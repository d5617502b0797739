"""A call of Benchling's: verified, read, and its event queued."""

from __future__ import annotations

import time
from typing import Any

import structlog
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from structlog.contextvars import bind_contextvars
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from .batches import IntakeError, MessageRefusedError
from .events import Event
from .intake import EventSizeError, Intake
from .keys import KeyProvider, KeysUnavailableError
from .settings import Settings
from .verification import VerificationError, read_headers, verify_webhook

# Benchling's have six levels. Whoever reads the event later may have less room for more.
MAX_DEPTH = 100

log = structlog.get_logger()


class Calls:
    """What every route of Benchling's does with the request at hand."""

    def __init__(self, settings: Settings, keys: KeyProvider) -> None:
        """Take the settings and the app's keys."""
        self._settings = settings
        self._keys = keys

    def read(self) -> tuple[str, dict[str, Any]]:
        """Return the request's webhook ID and its payload, whose message has a type.

        Raises VerificationError, KeysUnavailableError or BadRequest.
        """
        webhook_id = self._verify()
        bind_contextvars(webhook_id=webhook_id)
        return webhook_id, _payload()

    def _verify(self) -> str:
        if self._settings.problems:
            raise KeysUnavailableError("the service is not ready; see /health/ready")
        signed = read_headers(request.headers, time.time())
        body, app = request.get_data(), self._settings.app_definition_id
        known = self._keys.current()
        try:
            return verify_webhook(body, signed, known, app)
        except VerificationError:
            newer = self._keys.newer_than(known)
            if not newer:
                raise
            return verify_webhook(body, signed, newer, app)


def accept(intake: Intake, event: Event, group: str) -> ResponseReturnValue:
    """Queue an event, and answer "accepted", or "duplicate" if it is known.

    Raises IntakeError, RequestEntityTooLarge or BadRequest.
    """
    bind_contextvars(entry_id=event.entry_id)
    try:
        new = intake.accept(event, group)
    except EventSizeError as error:
        raise RequestEntityTooLarge(str(error)) from error
    except MessageRefusedError as error:
        raise BadRequest(f"the queue can't hold the event ({error})") from error
    status = "accepted" if new else "duplicate"
    bind_contextvars(outcome=status)
    return jsonify(status=status)


def ignored(kind: str) -> ResponseReturnValue:
    """Answer a call of a type that the service does nothing for."""
    bind_contextvars(outcome="ignored", type=kind)
    return jsonify(status="ignored", type=kind)


def answer_refusals(app: Flask) -> None:
    """Have what ``Calls`` raises answered: 401, or 503 for what may succeed later."""

    @app.errorhandler(VerificationError)
    def refused(error: VerificationError) -> ResponseReturnValue:
        bind_contextvars(outcome="refused", reason=str(error))
        return jsonify(error="unverified", message=str(error)), 401

    @app.errorhandler(KeysUnavailableError)
    @app.errorhandler(IntakeError)
    def unavailable(error: Exception) -> ResponseReturnValue:
        log.error("unavailable", reason=str(error))
        return jsonify(error="unavailable", message="try again later"), 503


def _payload() -> dict[str, Any]:
    """Return the verified body as JSON with a typed message."""
    try:
        payload = request.get_json(force=True)
    except RecursionError as error:
        raise BadRequest("the body is nested too deeply") from error
    if _depth(payload) > MAX_DEPTH:
        raise BadRequest("the body is nested too deeply")
    message = payload.get("message") if isinstance(payload, dict) else None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise BadRequest("the body has no message with a type")
    return dict(payload)


def _depth(value: object) -> int:
    """Return how deeply lists and objects are nested, counted to just over the limit."""
    depth, level = 0, [value]
    while depth <= MAX_DEPTH:
        level = [
            it
            for parent in level
            if isinstance(parent, dict | list)
            for it in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            break
        depth += 1
    return depth
