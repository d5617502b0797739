"""The web service's application: every route, and what it works with."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Thread

from flask import Flask

from ..runtime.credentials import Credentials, token_of
from ..runtime.health import health_app
from ..runtime.metrics import Metrics
from ..runtime.settings import Settings
from .batch_sender import Admission
from .intake import Intake, queue_client
from .keys import KeyProvider, fetch_keys
from .routes.openapi import openapi_routes
from .routes.webhooks import webhook_routes
from .webhook_requests import WebhookRequests, count_failures, register_error_handlers

# A health check waits no longer for Benchling and the queue: it must not depend on them.
WARM_UP_SECONDS = 5.0


@dataclass(frozen=True)
class Dependencies:
    """What the application works with."""

    keys: KeyProvider
    events: Intake
    canvases: Intake
    credentials: Credentials

    def warm_up(self) -> None:
        """Begin to fetch keys and token, and connect to the queue.

        Returns when the first fetch of the keys and the first call to the queue have
        ended, in success or failure, or after WARM_UP_SECONDS. The first event then
        has neither to wait for.
        """
        deadline = time.monotonic() + WARM_UP_SECONDS
        self.keys.watch()
        asking = Thread(target=self.events.problem, name="warm-up", daemon=True)
        asking.start()
        self.keys.wait_for_first_fetch(WARM_UP_SECONDS)
        asking.join(max(deadline - time.monotonic(), 0))
        # Readiness alone waits for a token.
        self.credentials.watch()

    def problems(self) -> list[str]:
        """Return why what the application works with can't be used, a reason each."""
        parts = (self.credentials, self.keys, self.events, self.canvases)
        return [problem for it in parts if (problem := it.problem())]


def build_dependencies(settings: Settings) -> Dependencies:
    """Return what the settings name; no call is made yet."""
    secret = settings.secret
    client = queue_client(settings.region or "us-east-1")
    admission = Admission()
    return Dependencies(
        KeyProvider(lambda: fetch_keys(secret.app_definition_id, secret.jwks_url)),
        Intake(client, settings.intake_queue_url, admission=admission),
        Intake(client, settings.canvas_queue_url, "CANVAS_QUEUE_URL", admission),
        Credentials(token_of(secret.base_url, secret.client_id, secret.client_secret)),
    )


def create_app(settings: Settings, dependencies: Dependencies) -> Flask:
    """Return the application."""
    keys, events, canvases = dependencies.keys, dependencies.events, dependencies.canvases
    app = health_app(settings, dependencies.problems)
    count_failures(app, Metrics(settings.stack_name))
    # What is no route is 404: a redirect would be HTML, to whatever host was asked for.
    app.url_map.merge_slashes = False
    app.register_blueprint(openapi_routes())
    register_error_handlers(app)
    app.register_blueprint(webhook_routes(WebhookRequests(settings, keys), events, canvases))
    return app
