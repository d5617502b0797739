"""Liveness, readiness and the settings in force."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from ..settings import Settings

# That the service answers is all that they say. While it starts, app.py answers them.
LIVENESS = ("/health", "/health/live")

log = structlog.get_logger()


def health_routes(settings: Settings, problems: Callable[[], list[str]]) -> Blueprint:
    """Return the routes that tell how the service is.

    ``problems`` says why what the service depends on can't be used, a reason each.
    """
    routes = Blueprint("health", __name__)

    def live() -> ResponseReturnValue:
        return jsonify(status="healthy")

    for path in LIVENESS:
        routes.add_url_rule(path, view_func=live)

    @routes.get("/health/ready")
    def ready() -> ResponseReturnValue:
        reasons = not_ready(settings, problems)
        if reasons:
            return jsonify(status="not ready", reasons=reasons), 503
        return jsonify(status="ready")

    @routes.get("/config")
    def config() -> ResponseReturnValue:
        return jsonify(settings.masked())

    return routes


def not_ready(settings: Settings, problems: Callable[[], list[str]]) -> list[str]:
    """Return why the service isn't ready, a reason each; nothing is raised."""
    if settings.problems:
        return list(settings.problems)
    try:
        return problems()
    except Exception as error:
        # What can't say that it works can't be relied on, whatever it raised.
        log.exception("readiness unknown")
        return [f"readiness can't be told ({type(error).__name__}): look at the log"]
