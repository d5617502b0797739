"""The worker service: queued events become packages, several entries at once."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

import boto3
import httpx
import structlog
from botocore.config import Config

from .canvas.canvas import Canvas
from .canvas.canvas_consumer import HIDDEN_SECONDS, CanvasConsumer, CanvasDependencies
from .canvas.catalog import Catalog
from .canvas.redraw import announce
from .canvas.revision_consumer import RevisionConsumer
from .export.benchling_client import BenchlingClient
from .export.export_consumer import Attempts, ExportConsumer, ExportQueues
from .export.export_status import ExportStatuses
from .export.exporter import ExportDependencies, Exporter, ExportLimits
from .export.retry_transport import RetryTransport
from .queues.claims import Claims
from .queues.consumer import POLL_SECONDS, Consumer
from .queues.failures import kind_of, reason_of
from .queues.lease import GiveBackError
from .queues.sqs import DeadLetterQueue, Queue, Received
from .queues.task_protection import TaskProtection
from .runtime.cancellable_transport import CancellableTransport
from .runtime.credentials import Credentials, token_of
from .runtime.errors import Kind
from .runtime.front_door import FrontDoor
from .runtime.health import health_app, not_ready
from .runtime.heartbeat import Heartbeat
from .runtime.logs import configure_logs
from .runtime.metrics import Metrics
from .runtime.privileges import give_up_new_privileges
from .runtime.server import StopTimes, serve
from .runtime.settings import WORKER_REQUIRED, Settings, SettingsError, read_settings
from .runtime.time_limits import check_time
from .store.package_store import PackageStore
from .store.packaging_queue import PackagingQueue
from .store.uploads import UPLOADS_AT_ONCE

# Canvases are drawn beside the exports, and Quilt's events taken, each by threads
# of their own, so that neither waits for an export.
CANVAS_THREADS = 3
REVISION_THREADS = 1
REVISION_SECONDS = 30.0
# Benchling's API and its downloads: between two bytes, not for a whole file.
HTTP_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
# Of the stop's time, this is for giving back what couldn't be finished.
GIVE_BACK_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 1.0
LAST_PAUSE_SECONDS = 30.0
# botocore's own is put together twice for each request. docs/decisions/0017 has the figures.
USER_AGENT = f"benchling-webhook Boto3/{boto3.__version__}"

log = structlog.get_logger()


class Worker:
    """Threads that each process one message at a time."""

    def __init__(self, consumers: Iterable[Consumer], give_back: threading.Event) -> None:
        """Take a consumer for each thread; none runs before ``start``.

        ``give_back`` is set when what is in work must go back.
        """
        self._give_back = give_back
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(it,), name=f"worker-{number}", daemon=True)
            for number, it in enumerate(consumers)
        ]

    def start(self) -> None:
        """Begin to receive."""
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> bool:
        """Receive nothing more; finish what can be finished, and give back the rest.

        Returns whether every thread ended within the seconds.
        """
        deadline = time.monotonic() + seconds
        self._stopping.set()
        self._join(deadline - min(GIVE_BACK_SECONDS, seconds / 2))
        self._give_back.set()
        self._join(deadline)
        return not any(thread.is_alive() for thread in self._threads)

    def _join(self, deadline: float) -> None:
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0))

    def _run(self, consumer: Consumer) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            try:
                consumer.poll(self._stopping)
            except Exception as error:
                ours = kind_of(error) is Kind.OURS
                log.error("worker.poll_failed", reason=reason_of(error), exc_info=ours)
                self._stopping.wait(pause)
                pause = min(pause * 2, LAST_PAUSE_SECONDS)
            else:
                pause = FIRST_PAUSE_SECONDS


@dataclass(frozen=True)
class Dependencies:
    """What the process works with."""

    worker: Worker
    claims: Claims
    credentials: Credentials
    protection: TaskProtection


def build_worker(settings: Settings) -> Dependencies:
    """Return the worker of the settings; no call is made yet."""
    secret = settings.secret
    threads = settings.worker_concurrency + CANVAS_THREADS + REVISION_THREADS
    config = Config(
        connect_timeout=5,
        read_timeout=POLL_SECONDS + 15,
        retries={"total_max_attempts": 3, "mode": "standard"},
        # Each has a heartbeat beside it.
        max_pool_connections=threads * 2 + 2,
        user_agent=USER_AGENT,
    )
    session = boto3.Session(region_name=settings.region)
    sqs = session.client("sqs", config=config)
    uploads = Config(max_pool_connections=settings.worker_concurrency * UPLOADS_AT_ONCE + threads)
    s3 = session.client("s3", config=config.merge(uploads))
    dynamodb = session.client("dynamodb", config=config)
    give_back = threading.Event()

    def check() -> None:
        if give_back.is_set():
            raise GiveBackError
        check_time()

    def http(*, whole: bool) -> httpx.Client:
        transport = RetryTransport(
            CancellableTransport(check),
            give_back.wait,
            whole=whole,
            call_seconds=settings.call_timeout_seconds,
        )
        return httpx.Client(transport=transport, timeout=HTTP_TIMEOUT)

    def benchling_client() -> BenchlingClient:
        return BenchlingClient(
            secret.base_url, secret.client_id, secret.client_secret, http(whole=True)
        )

    intake, canvas_queue, revisions, packaging, dead_letter_queue = (
        Queue(sqs, url)
        for url in (
            settings.intake_queue_url,
            settings.canvas_queue_url,
            settings.revision_queue_url,
            settings.packaging_queue_url,
            settings.dead_letter_queue_url,
        )
    )
    dead_letters = DeadLetterQueue(dead_letter_queue)
    metrics = Metrics(settings.stack_name)
    protection = TaskProtection(settings.ecs_agent_uri)
    claims = Claims(dynamodb, settings.claims_table, settings.lease_seconds)
    statuses = ExportStatuses(
        dynamodb,
        settings.claims_table,
        lambda entry_id, version: announce(canvas_queue, entry_id, version),
    )
    confirmations = RevisionConsumer(
        revisions,
        statuses,
        metrics,
        settings.confirm_seconds,
    )
    export_dependencies = ExportDependencies(
        benchling_client(),
        http(whole=False),
        s3,
        PackagingQueue(packaging, settings.workflow),
        claims,
        statuses,
        confirmations.confirm_later,
    )
    exporter = Exporter(
        export_dependencies,
        settings.package_bucket,
        settings.package_prefix,
        ExportLimits(
            settings.export_interval_seconds,
            settings.export_timeout_seconds,
            settings.download_floor_seconds,
        ),
    )
    exports = ExportConsumer(
        ExportQueues(intake, canvas_queue, dead_letters),
        claims,
        exporter,
        Attempts(settings.lease_seconds, settings.retry_seconds, give_back),
        metrics,
    )

    def export(message: Received) -> None:
        with protection:
            exports.process(message)

    canvas = Canvas(
        Catalog(settings.package_bucket, settings.quilt_catalog, settings.quilt_connected),
        PackageStore(s3, settings.package_bucket, lambda: None),
    )
    # A client of its own: drawing waits for no export's connection or token.
    canvases = CanvasConsumer(
        CanvasDependencies(
            canvas_queue, intake, dead_letters, benchling_client(), statuses, claims, canvas
        ),
        give_back,
    )
    consumers = [
        *[Consumer(intake, export, settings.lease_seconds, dead_letters, protection.admits)]
        * settings.worker_concurrency,
        *[Consumer(canvas_queue, canvases.process, HIDDEN_SECONDS, dead_letters)] * CANVAS_THREADS,
        *[Consumer(revisions, confirmations.process, REVISION_SECONDS)] * REVISION_THREADS,
    ]
    credentials = Credentials(token_of(secret.base_url, secret.client_id, secret.client_secret))
    return Dependencies(Worker(consumers, give_back), claims, credentials, protection)


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
    metrics = Metrics(settings.stack_name, settings.service_name)
    FrontDoor(
        settings.front_door_url, settings.region, boto3.Session().get_credentials, metrics
    ).watch()
    if settings.problems:
        Heartbeat(metrics, lambda: not_ready(settings, list)).watch()
        # Nothing is received: events wait in the queue until the settings are whole.
        serve(health_app(settings, list), settings.port, StopTimes(2))
        return 0
    built = build_worker(settings)
    built.credentials.watch()
    built.protection.watch()
    built.worker.start()

    def problems() -> list[str]:
        return [it for it in (built.credentials.problem(), built.claims.problem()) if it]

    Heartbeat(metrics, lambda: not_ready(settings, problems)).watch()
    # The drain of the health checks ends within a second.
    serve(health_app(settings, problems), settings.port, StopTimes(2))
    ended = built.worker.stop(settings.stop_timeout_seconds - 2)
    log.info("worker.stopped", finished=ended)
    return 0


if __name__ == "__main__":
    # Not in main(), which tests call: their process would be another one afterwards.
    give_up_new_privileges()
    sys.exit(main())
