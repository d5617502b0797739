"""Liveness, readiness and the settings in force."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from ..intake import Intake
from ..settings import Settings


def health_routes(settings: Settings, intake: Intake) -> Blueprint:
    """Return the routes that tell how the service is."""
    routes = Blueprint("health", __name__)

    @routes.get("/health")
    @routes.get("/health/live")
    def live() -> ResponseReturnValue:
        return jsonify(status="healthy")

    @routes.get("/health/ready")
    def ready() -> ResponseReturnValue:
        reasons = list(settings.problems)
        if not reasons and (problem := intake.problem()):
            reasons.append(problem)
        if reasons:
            return jsonify(status="not ready", reasons=reasons), 503
        return jsonify(status="ready")

    @routes.get("/config")
    def config() -> ResponseReturnValue:
        return jsonify(settings.masked())

    return routes
