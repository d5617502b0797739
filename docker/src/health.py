"""An application that tells how it is: the worker's whole, the base of the web service's."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from flask import Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from structlog.contextvars import bind_contextvars, clear_contextvars
from werkzeug.exceptions import HTTPException

from .routes.health import health_routes
from .settings import Settings

MAX_BODY_BYTES = 1024 * 1024

log = structlog.get_logger()


def health_app(settings: Settings, problems: Callable[[], list[str]]) -> Flask:
    """Return an application that only tells how it is."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.register_blueprint(health_routes(settings, problems))
    app.before_request(_begin)
    app.after_request(_log_answer)
    app.register_error_handler(HTTPException, _answer_error)
    return app


def _begin() -> None:
    g.began = time.monotonic()
    clear_contextvars()
    bind_contextvars(method=request.method, path=request.path)


def _log_answer(response: Response) -> Response:
    # One line a call, with what its route has bound.
    # The probes of container and load balancer would drown everything else.
    write = log.debug if request.path.startswith("/health") else log.info
    write(
        "answered",
        status=response.status_code,
        milliseconds=round((time.monotonic() - g.began) * 1000, 1),
    )
    return response


def _answer_error(error: HTTPException) -> ResponseReturnValue:
    name = error.name.lower().replace(" ", "_")
    return jsonify(error=name, message=error.description), error.code or 500
