"""The web service's application: every route, and what it works with."""

from __future__ import annotations

from flask import Flask

from .batches import Admission
from .calls import Calls, answer_refusals, count_failures
from .credentials import Credentials, token_of
from .health import health_app
from .heartbeat import Heartbeat
from .intake import Intake, queue_client
from .keys import KeyProvider, fetch_keys
from .metrics import Metrics
from .routes.openapi import openapi_routes
from .routes.webhooks import webhook_routes
from .settings import Settings


def create_app(
    settings: Settings,
    keys: KeyProvider | None = None,
    events: Intake | None = None,
    canvases: Intake | None = None,
    credentials: Credentials | None = None,
) -> Flask:
    """Return the application, with given collaborators or those of the settings."""
    if not keys:
        keys = KeyProvider(lambda: fetch_keys(settings.app_definition_id, settings.jwks_url))
        if not settings.problems:
            keys.watch()
    if not events or not canvases:
        client = queue_client(settings.region or "us-east-1")
        admission = Admission()
        events = events or Intake(client, settings.intake_queue_url, admission=admission)
        canvases = canvases or Intake(
            client, settings.canvas_queue_url, "CANVAS_QUEUE_URL", admission
        )
    if not credentials:
        credentials = Credentials(
            token_of(settings.base_url, settings.client_id, settings.client_secret)
        )
        if not settings.problems:
            credentials.watch()
    problems = (credentials.problem, keys.problem, events.problem, canvases.problem)

    def reasons() -> list[str]:
        return [it for it in (problem() for problem in problems) if it]

    app = health_app(settings, reasons)
    metrics = Metrics(settings.stack_name, settings.service_name)
    count_failures(app, metrics)
    if settings.stack_name:
        Heartbeat(metrics, lambda: list(settings.problems) or reasons()).watch()
    # What is no route is 404: a redirect would be HTML, to whatever host was asked for.
    app.url_map.merge_slashes = False
    app.register_blueprint(openapi_routes())
    answer_refusals(app)
    app.register_blueprint(webhook_routes(Calls(settings, keys), events, canvases))
    return app
