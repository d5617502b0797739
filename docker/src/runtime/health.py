"""Liveness, readiness and the settings in force, and an application that has no other routes.

It is the worker's whole application, and the base of the web service's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import structlog
from flask import Blueprint, Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from structlog.contextvars import bind_contextvars, clear_contextvars
from werkzeug.exceptions import HTTPException

from .settings import Settings

# They say only that the service responds. While it starts, app.py responds to them.
LIVENESS = ("/health", "/health/live")
MAX_BODY_BYTES = 1024 * 1024

log = structlog.get_logger()


def health_app(
    settings: Callable[[], Settings],
    problems: Callable[[], list[str]],
    warnings: Callable[[], list[str]] = list,
) -> Flask:
    """Return an application that reports only how it is; see ``health_routes``."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.register_blueprint(health_routes(settings, problems, warnings))
    app.before_request(_begin)
    app.after_request(_log_response)
    app.register_error_handler(HTTPException, _error_response)
    return app


def _begin() -> None:
    g.began = time.monotonic()
    clear_contextvars()
    bind_contextvars(method=request.method, path=request.path)


def _log_response(response: Response) -> Response:
    # One line a call, with what its route has bound.
    # The probes of container and load balancer would drown everything else.
    log.log(
        logging.DEBUG if request.path.startswith("/health") else logging.INFO,
        "request.completed",
        status=response.status_code,
        duration_ms=round((time.monotonic() - g.began) * 1000),
    )
    return response


def _error_response(error: HTTPException) -> ResponseReturnValue:
    name = error.name.lower().replace(" ", "_")
    return jsonify(error=name, message=error.description), error.code or 500


def health_routes(
    settings: Callable[[], Settings],
    problems: Callable[[], list[str]],
    warnings: Callable[[], list[str]],
) -> Blueprint:
    """Return the routes that report how the service is.

    ``settings`` returns those in force. ``problems`` says why what the service
    depends on can't be used, a reason each; ``warnings``, what a person must mend
    while the service works on.
    """
    routes = Blueprint("health", __name__)

    def live() -> ResponseReturnValue:
        return jsonify(status="healthy")

    for path in LIVENESS:
        routes.add_url_rule(path, view_func=live)

    @routes.get("/health/ready")
    def ready() -> ResponseReturnValue:
        reasons, mend = not_ready(settings(), problems), warnings()
        if reasons:
            return jsonify(status="not ready", reasons=reasons + mend), 503
        return jsonify(status="ready", **({"reasons": mend} if mend else {}))

    @routes.get("/config")
    def config() -> ResponseReturnValue:
        return jsonify(settings().masked())

    return routes


def not_ready(settings: Settings, problems: Callable[[], list[str]]) -> list[str]:
    """Return why the service isn't ready, a reason each; nothing is raised."""
    if settings.problems:
        return list(settings.problems)
    try:
        return problems()
    except Exception as error:
        # What can't say that it works can't be relied on, whatever it raised.
        log.exception("readiness.check_crashed")
        return [f"readiness can't be checked ({type(error).__name__}): look at the log"]
