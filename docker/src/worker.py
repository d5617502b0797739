"""The worker service: queued events become packages, several entries at once."""

from __future__ import annotations

import os
import sys
import threading
import time

import boto3
import httpx
import structlog
from botocore.config import Config

from .benchling import Notebook
from .canvas import Canvas, Catalog
from .claims import Claims
from .deliveries import POLL_SECONDS, Deliveries, Queues, reason_of
from .entries import Entries
from .exports import Exporter, Parts
from .health import health_app
from .logs import configure_logs
from .packaging import PackagingQueue
from .patience import PatientTransport
from .server import serve
from .settings import WORKER_REQUIRED, Settings, SettingsError, read_settings

# Benchling's API and its downloads: between two bytes, not for a whole file.
HTTP_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
# Of the stop's time, this is for giving back what couldn't be finished.
GIVE_BACK_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 1.0
LAST_PAUSE_SECONDS = 30.0

log = structlog.get_logger()


class Worker:
    """Threads that each see one event through at a time."""

    def __init__(self, deliveries: Deliveries, concurrency: int) -> None:
        """Take what the threads do; none runs before ``start``."""
        self._deliveries = deliveries
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"worker-{number}", daemon=True)
            for number in range(concurrency)
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
        self._deliveries.give_back.set()
        self._join(deadline)
        return not any(thread.is_alive() for thread in self._threads)

    def _join(self, deadline: float) -> None:
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0))

    def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            try:
                self._deliveries.next(self._stopping)
            except Exception as error:  # noqa: BLE001 - the thread must outlive any fault
                log.error("unavailable", reason=reason_of(error))
                self._stopping.wait(pause)
                pause = min(pause * 2, LAST_PAUSE_SECONDS)
            else:
                pause = FIRST_PAUSE_SECONDS


def wire(settings: Settings) -> tuple[Deliveries, Claims]:
    """Return the worker's parts for the settings; no call is made yet."""
    connections = settings.worker_concurrency * 2 + 2
    config = Config(
        connect_timeout=5,
        read_timeout=POLL_SECONDS + 15,
        retries={"total_max_attempts": 3, "mode": "standard"},
        max_pool_connections=connections,
    )
    session = boto3.Session(region_name=settings.region)
    sqs = session.client("sqs", config=config)
    s3 = session.client("s3", config=config)
    dynamodb = session.client("dynamodb", config=config)
    claims = Claims(dynamodb, settings.claims_table, settings.lease_seconds)
    entries = Entries(dynamodb, settings.claims_table)
    deliveries: Deliveries

    def wait(seconds: float) -> bool:
        return deliveries.give_back.wait(seconds)

    def http() -> httpx.Client:
        return httpx.Client(
            transport=PatientTransport(httpx.HTTPTransport(), wait), timeout=HTTP_TIMEOUT
        )

    parts = Parts(
        Notebook(settings.base_url, settings.client_id, settings.client_secret, http()),
        http(),
        s3,
        PackagingQueue(sqs, settings.packaging_queue_url),
        claims,
        entries,
        Canvas(entries, s3, Catalog(settings.package_bucket, settings.quilt_catalog)),
    )
    deliveries = Deliveries(
        Queues(sqs, settings.intake_queue_url, settings.dead_letter_queue_url),
        claims,
        Exporter(parts, settings.package_bucket, settings.package_prefix),
        settings.lease_seconds,
        settings.retry_seconds,
    )
    return deliveries, claims


def main() -> int:
    """Work with the settings of the environment; return the exit status."""
    try:
        settings = read_settings(os.environ, WORKER_REQUIRED)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    configure_logs(settings.log_level)
    for problem in settings.problems:
        log.info("not ready", reason=problem)
    if settings.problems:
        # Nothing is received: events wait in the queue until the settings are whole.
        serve(health_app(settings, lambda: ""), settings.port, 2)
        return 0
    deliveries, claims = wire(settings)
    worker = Worker(deliveries, settings.worker_concurrency)
    worker.start()
    # The drain of the health checks ends within a second.
    serve(health_app(settings, claims.problem), settings.port, 2)
    ended = worker.stop(settings.stop_timeout_seconds - 2)
    log.info("worker stopped", finished=ended)
    return 0


if __name__ == "__main__":
    sys.exit(main())
