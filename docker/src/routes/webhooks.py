"""The routes that Benchling calls."""

from __future__ import annotations

import time
from typing import Any

import structlog
from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from structlog.contextvars import bind_contextvars
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from ..batches import IntakeError
from ..intake import Event, EventSizeError, Intake
from ..keys import KeyProvider, KeysUnavailableError
from ..settings import Settings
from ..verification import VerificationError, check_headers, verify_webhook

EXPORTED_TYPES = frozenset({"v2.entry.created", "v2.entry.updated.fields"})

log = structlog.get_logger()


def webhook_routes(settings: Settings, keys: KeyProvider, intake: Intake) -> Blueprint:
    """Return the routes of verified webhooks."""
    routes = Blueprint("webhooks", __name__)

    @routes.errorhandler(VerificationError)
    def refused(error: VerificationError) -> ResponseReturnValue:
        log.info("refused", reason=str(error))
        return jsonify(error="unverified", message=str(error)), 401

    @routes.errorhandler(KeysUnavailableError)
    @routes.errorhandler(IntakeError)
    def unavailable(error: Exception) -> ResponseReturnValue:
        log.error("unavailable", reason=str(error))
        return jsonify(error="unavailable", message="try again later"), 503

    def verified() -> str:
        """Verify the request; return its webhook ID."""
        if settings.problems:
            raise KeysUnavailableError("the service is not ready; see /health/ready")
        body, app = request.get_data(), settings.app_definition_id
        check_headers(request.headers, time.time())
        known = keys.current()
        try:
            webhook_id = verify_webhook(body, request.headers, known, app, time.time())
        except VerificationError:
            newer = keys.newer_than(known)
            if newer is None:
                raise
            webhook_id = verify_webhook(body, request.headers, newer, app, time.time())
        bind_contextvars(webhook_id=webhook_id)
        return webhook_id

    def queue(webhook_id: str, route: str, entry_id: str, payload: dict[str, Any]) -> str:
        bind_contextvars(entry_id=entry_id)
        try:
            new = intake.accept(Event(webhook_id, route, entry_id, payload))
        except EventSizeError as error:
            raise RequestEntityTooLarge(str(error)) from error
        except UnicodeEncodeError as error:
            raise BadRequest("the body holds half a character") from error
        status = "accepted" if new else "duplicate"
        log.info(status)
        return status

    @routes.post("/event")
    def event() -> ResponseReturnValue:
        webhook_id = verified()
        payload = _payload()
        kind = payload["message"]["type"]
        if kind not in EXPORTED_TYPES:
            log.info("ignored", type=kind)
            return jsonify(status="ignored", type=kind)
        return jsonify(status=queue(webhook_id, "event", _identity(payload, "resourceId"), payload))

    @routes.post("/canvas")
    def canvas() -> ResponseReturnValue:
        webhook_id = verified()
        payload = _payload()
        entry_id = _identity(payload, "resourceId", "canvasId")
        return jsonify(status=queue(webhook_id, "canvas", entry_id, payload))

    @routes.post("/lifecycle")
    def lifecycle() -> ResponseReturnValue:
        verified()
        kind = _payload()["message"]["type"]
        log.info("lifecycle", type=kind)
        return jsonify(status="accepted", type=kind)

    return routes


def _payload() -> dict[str, Any]:
    """Return the verified body as JSON with a typed message."""
    try:
        payload = request.get_json(force=True)
    except RecursionError as error:
        raise BadRequest("the body is nested too deeply") from error
    message = payload.get("message") if isinstance(payload, dict) else None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise BadRequest("the body has no message with a type")
    return dict(payload)


def _identity(payload: dict[str, Any], *names: str) -> str:
    """Return what the message is about, by the first of the names that it has."""
    for name in names:
        value = payload["message"].get(name)
        if isinstance(value, str) and value and value.isascii():
            return value
    raise BadRequest(f"the message has no {' or '.join(names)}")
