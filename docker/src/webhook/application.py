"""The web service's application: every route, and what it works with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

from flask import Flask

from ..runtime.credentials import Credentials, token_fault, token_of_secret
from ..runtime.health import health_app
from ..runtime.metrics import Metrics
from ..runtime.secret import Secret
from ..runtime.settings import Settings
from .batch_sender import Admission
from .intake import Intake, queue_client
from .keys import KeyProvider, Keys, fetch_keys, fetched, keys_fault
from .routes.openapi import openapi_routes
from .routes.webhooks import webhook_routes
from .webhook_requests import WebhookRequests, count_outcomes, register_error_handlers

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

    def start(self, settings: Settings) -> None:
        """Begin with the first secret that can be used, after a start without one."""
        self.keys.use(_keys_of(settings.secret), ())
        self.credentials.use(token_of_secret(settings.secret), worked=False)
        self.warm_up()

    def change(self, former: Settings, settings: Settings) -> str:
        """Go on with another secret; return why not where Benchling doesn't take it."""
        secret = settings.secret
        fetch_token, fetch = token_of_secret(secret), _keys_of(secret)
        fault = token_fault(fetch_token)
        if fault:
            return fault.text
        if _app_of(secret) != _app_of(former.secret):
            keys, failure = fetched(fetch)
            if failure:
                return keys_fault(failure)
            self.keys.use(fetch, keys)
        self.credentials.use(fetch_token)
        return ""

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
        KeyProvider(_keys_of(secret)),
        Intake(client, settings.intake_queue_url, admission=admission),
        Intake(client, settings.canvas_queue_url, "CANVAS_QUEUE_URL", admission),
        Credentials(token_of_secret(secret)),
    )


def _keys_of(secret: Secret) -> Callable[[], Keys]:
    return lambda: fetch_keys(*_app_of(secret))


def _app_of(secret: Secret) -> tuple[str, str]:
    """Return what decides whose keys they are."""
    return secret.app_definition_id, secret.jwks_url


def create_app(
    settings: Callable[[], Settings],
    dependencies: Dependencies,
    warnings: Callable[[], list[str]] = list,
    metrics: Metrics | None = None,
) -> Flask:
    """Return the application; ``settings`` returns those in force.

    ``warnings`` says what a person must mend while the service works on. Whoever gives
    ``metrics`` has its counts written.
    """
    keys, events, canvases = dependencies.keys, dependencies.events, dependencies.canvases
    app = health_app(settings, dependencies.problems, warnings)
    count_outcomes(app, metrics or Metrics(settings().stack_name))
    # What is no route is 404: a redirect would be HTML, to whatever host was asked for.
    app.url_map.merge_slashes = False
    app.register_blueprint(openapi_routes())
    register_error_handlers(app)
    app.register_blueprint(webhook_routes(WebhookRequests(settings, keys), events, canvases))
    return app
