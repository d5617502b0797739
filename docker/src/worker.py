"""The worker service: queued events become packages, several entries at once."""

from __future__ import annotations

import os
import sys
import time

import boto3
import structlog

from .canvas.canvas_consumer import HIDDEN_SECONDS
from .handlers import (
    CANVAS_THREADS,
    REVISION_THREADS,
    Stores,
    build_handlers,
    build_stores,
)
from .queues.consumer import Consumer
from .queues.sqs import Received
from .queues.task_protection import TaskProtection
from .queues.threads import Worker
from .runtime.background import run_in_background
from .runtime.credentials import Credentials, token_fault, token_of_secret
from .runtime.front_door import FrontDoor
from .runtime.health import health_app, not_ready
from .runtime.heartbeat import Heartbeat
from .runtime.logs import configure_logs
from .runtime.metrics import Metrics
from .runtime.occupancy import Occupancy
from .runtime.privileges import give_up_new_privileges
from .runtime.secret_watch import SecretWatch, source_of
from .runtime.server import StopTimes, serve
from .runtime.settings import WORKER_REQUIRED, Settings, SettingsError, read_settings
from .runtime.tracing import start_tracing, stop_tracing

REVISION_SECONDS = 30.0
# How often it is looked whether Benchling's tokens last; and after one wasn't to be had,
# which calls that need one find out by themselves.
TOKEN_SECONDS, TOKEN_RETRY_SECONDS = 5.0, 60.0

log = structlog.get_logger()


class Dependencies:
    """What the process works with."""

    def __init__(self, settings: Settings, stores: Stores, protection: TaskProtection) -> None:
        """Take settings without problems; no thread runs before ``start``."""
        self._stores = stores
        self.occupancy = Occupancy(settings.worker_concurrency)
        self._handlers = build_handlers(settings, stores)
        self.protection = protection
        self.claims = stores.claims
        self.credentials = Credentials(token_of_secret(settings.secret))
        self.worker = Worker(self._consumers(settings), stores.give_back)

    def start(self) -> None:
        """Begin to ask for a token, and to receive."""
        self.credentials.watch()
        self.protection.watch()
        run_in_background("tokens", self._keep_tokens)
        self.worker.start()

    def _keep_tokens(self) -> None:
        while True:
            kept = self._handlers.keep_tokens()
            time.sleep(TOKEN_SECONDS if kept else TOKEN_RETRY_SECONDS)

    def change(self, settings: Settings) -> str:
        """Go on with another secret; return why not where Benchling doesn't take it.

        What is in work ends with the one that it began with.
        """
        fetch_token = token_of_secret(settings.secret)
        fault = token_fault(fetch_token)
        if fault:
            return fault.text
        self._handlers = build_handlers(settings, self._stores)
        self.credentials.use(fetch_token)
        return ""

    def problems(self) -> list[str]:
        """Return why the worker can't work, a reason each."""
        return [it for it in (self.credentials.problem(), self.claims.problem()) if it]

    def _consumers(self, settings: Settings) -> list[Consumer]:
        stores, lease_seconds = self._stores, settings.lease_seconds

        def export(message: Received) -> None:
            with self.protection, self.occupancy:
                self._handlers.export(message)

        def draw(message: Received) -> None:
            self._handlers.canvas(message)

        return [
            *[
                Consumer(
                    stores.intake,
                    export,
                    lease_seconds,
                    stores.dead_letters,
                    self.protection.admits,
                )
            ]
            * settings.worker_concurrency,
            *[Consumer(stores.canvases, draw, HIDDEN_SECONDS, stores.dead_letters)]
            * CANVAS_THREADS,
            *self._revision_consumers(),
        ]

    def _revision_consumers(self) -> list[Consumer]:
        exports = self._stores.exports
        if not exports:
            return []
        consumer = Consumer(exports.revisions, exports.confirmations.process, REVISION_SECONDS)
        return [consumer] * REVISION_THREADS


def build_worker(settings: Settings, metrics: Metrics) -> Dependencies:
    """Return the worker of the settings; no call is made yet."""
    stores = build_stores(settings, metrics)
    return Dependencies(settings, stores, TaskProtection(settings.ecs_agent_uri))


class WorkerService:
    """The worker, which begins with the first secret that can be used.

    Until then nothing is received: events wait in the queue.
    """

    def __init__(self, metrics: Metrics) -> None:
        """Take where to write metrics; ``start`` builds the worker."""
        self._metrics = metrics
        self._built: Dependencies | None = None

    def start(self, settings: Settings) -> None:
        """Begin to work, with settings without problems."""
        built = build_worker(settings, self._metrics)
        built.start()
        self._built = built

    def change(self, _former: Settings, settings: Settings) -> str:
        """Go on with another secret; return why not where Benchling doesn't take it."""
        return self._built.change(settings) if self._built else ""

    def problems(self) -> list[str]:
        """Return why the worker can't work, a reason each."""
        return self._built.problems() if self._built else []

    def busy_percent(self) -> float:
        """Return how much of its places' time was taken since the last call."""
        return self._built.occupancy.percent() if self._built else 0.0

    def stop(self, seconds: float) -> bool:
        """End what is in work, or give it back; return whether that was done in time."""
        return not self._built or self._built.worker.stop(seconds)


def main() -> int:
    """Work with the settings of the environment; return the exit status."""
    try:
        settings = read_settings(os.environ, WORKER_REQUIRED)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    configure_logs(settings.log_level)
    for problem in settings.problems:
        log.info("service.not_ready", reason=problem)
    start_tracing(settings)
    metrics = Metrics(settings.stack_name, settings.service_name)
    FrontDoor(
        settings.front_door_url, settings.region, boto3.Session().get_credentials, metrics
    ).watch()
    service = WorkerService(metrics)
    if not settings.problems:
        service.start(settings)
    watch = SecretWatch(settings, source_of(settings, os.environ, WORKER_REQUIRED), service)
    watch.watch()
    Heartbeat(
        metrics, lambda: not_ready(watch.settings(), service.problems), service.busy_percent
    ).watch()
    # The drain of the health checks ends within a second.
    serve(health_app(watch.settings, service.problems, watch.warnings), settings.port, StopTimes(2))
    ended = service.stop(settings.stop_timeout_seconds - 2)
    log.info("worker.stopped", finished=ended)
    stop_tracing()
    return 0


if __name__ == "__main__":
    # Not in main(), which tests call: their process would be another one afterwards.
    give_up_new_privileges()
    sys.exit(main())
