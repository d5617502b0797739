"""What is done with each message: by the stores of the stack, and by one secret."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import httpx
from botocore.config import Config

from .canvas.canvas_consumer import CanvasConsumer, CanvasDependencies
from .canvas.drawing import canvas_of
from .canvas.linked_packages import LinkedPackages
from .canvas.package_search import PackageSearch, Views
from .canvas.redraw import announce
from .canvas.revision_consumer import RevisionConsumer
from .export.benchling_client import BenchlingClient
from .export.entry_reader import EntryReader
from .export.export_consumer import Attempts, ExportConsumer, ExportQueues
from .export.export_status import ExportStatuses
from .export.exporter import ExportDependencies, Exporter, ExportLimits
from .export.plan import EventWork
from .export.retry_transport import RetryTransport
from .queues.claims import Claims
from .queues.consumer import POLL_SECONDS, Process
from .queues.lease import GiveBackError
from .queues.sqs import DeadLetterQueue, Queue
from .runtime.cancellable_transport import CancellableTransport
from .runtime.metrics import Metrics
from .runtime.retries import count_retries
from .runtime.settings import Settings
from .runtime.time_limits import check_time
from .store.fast_put import use_fast_put
from .store.packaging_queue import PackagingQueue
from .store.uploads import UPLOADS_AT_ONCE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

# Canvases are drawn beside the exports, and Quilt's events taken, each by threads
# of their own, so that neither waits for an export.
CANVAS_THREADS = 3
REVISION_THREADS = 1
# Benchling's API and its downloads: between two bytes, not for a whole file.
HTTP_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
# botocore's own is put together twice for each request. docs/decisions/0019 has the figures.
USER_AGENT = f"benchling-webhook Boto3/{boto3.__version__}"


@dataclass(frozen=True)
class ExportStores:
    """What only exports work with."""

    packaging: Queue
    revisions: Queue
    confirmations: RevisionConsumer


@dataclass(frozen=True)
class Stores:
    """What the process works with whatever the secret says."""

    s3: S3Client
    intake: Queue
    canvases: Queue
    dead_letters: DeadLetterQueue
    claims: Claims
    statuses: ExportStatuses
    metrics: Metrics
    # Set when what is in work must go back.
    give_back: threading.Event
    # None where no database to search is set.
    search: PackageSearch | None = None
    # None where nothing is exported.
    exports: ExportStores | None = None


@dataclass(frozen=True)
class Handlers:
    """What is done with an event, and with what a canvas asks for, by one secret."""

    export: Process
    canvas: Process
    # Has both get a token of Benchling's before they need it; returns whether they have.
    keep_tokens: Callable[[], bool]


def build_stores(settings: Settings, metrics: Metrics) -> Stores:
    """Return the queues, the table and the bucket of the settings; no call is made yet."""
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
    dynamodb = session.client("dynamodb", config=config)
    canvases = Queue(sqs, settings.canvas_queue_url)
    s3 = session.client("s3", config=config.merge(uploads))
    use_fast_put(s3)
    count_retries(sqs, "SQSRetries", metrics)
    count_retries(dynamodb, "DynamoDBRetries", metrics)
    count_retries(s3, "S3Retries", metrics)
    statuses = ExportStatuses(
        dynamodb,
        settings.claims_table,
        lambda entry_id, version: announce(canvases, entry_id, version),
    )
    return Stores(
        s3,
        Queue(sqs, settings.intake_queue_url),
        canvases,
        DeadLetterQueue(Queue(sqs, settings.dead_letter_queue_url)),
        Claims(dynamodb, settings.claims_table, settings.lease_seconds),
        statuses,
        metrics,
        threading.Event(),
        _package_search(settings, session, config),
        _export_stores(settings, sqs, statuses, metrics),
    )


def _export_stores(
    settings: Settings, sqs: SQSClient, statuses: ExportStatuses, metrics: Metrics
) -> ExportStores | None:
    if not settings.export_entries:
        return None
    revisions = Queue(sqs, settings.revision_queue_url)
    return ExportStores(
        Queue(sqs, settings.packaging_queue_url),
        revisions,
        RevisionConsumer(revisions, statuses, metrics, settings.confirm_seconds),
    )


def _package_search(
    settings: Settings, session: boto3.Session, config: Config
) -> PackageSearch | None:
    if not settings.quilt_database:
        return None
    views = Views(
        settings.quilt_database,
        settings.linked_by,
        settings.package_bucket,
        settings.other_buckets,
    )
    return PackageSearch(session.client("athena", config=config), settings.athena_workgroup, views)


def build_handlers(settings: Settings, stores: Stores) -> Handlers:
    """Return what works by the settings' secret, with clients of its own."""
    secret, give_back = settings.secret, stores.give_back

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
            retried=lambda: stores.metrics.count("BenchlingRetries"),
        )
        return httpx.Client(transport=transport, timeout=HTTP_TIMEOUT)

    def benchling_client() -> BenchlingClient:
        return BenchlingClient(
            secret.base_url, secret.client_id, secret.client_secret, http(whole=True)
        )

    # Drawing has a client of its own: it waits for no export's connection or token.
    exporting, drawing = benchling_client(), benchling_client()
    exports = ExportConsumer(
        ExportQueues(stores.intake, stores.canvases, stores.dead_letters),
        stores.claims,
        _work(settings, stores, exporting, lambda: http(whole=False)),
        Attempts(settings.lease_seconds, settings.retry_seconds, give_back),
        stores.metrics,
    )
    canvases = CanvasConsumer(
        CanvasDependencies(
            stores.canvases,
            stores.intake,
            stores.dead_letters,
            drawing,
            stores.statuses,
            stores.claims,
            canvas_of(settings, stores.s3),
            _linked_packages(settings, stores),
        ),
        give_back,
    )

    def keep_tokens() -> bool:
        kept = [it.keep_token() for it in (exporting, drawing)]
        return all(kept)

    return Handlers(exports.process, canvases.process, keep_tokens)


def _work(
    settings: Settings,
    stores: Stores,
    benchling: BenchlingClient,
    downloads: Callable[[], httpx.Client],
) -> EventWork:
    """Return what is done for events: exports, where there is something to export to."""
    limits = ExportLimits(
        settings.export_interval_seconds,
        settings.export_timeout_seconds,
        settings.download_floor_seconds,
    )
    if not stores.exports:
        return EntryReader(benchling, stores.claims, stores.statuses, limits)
    dependencies = ExportDependencies(
        benchling,
        downloads(),
        stores.s3,
        PackagingQueue(stores.exports.packaging, settings.workflow),
        stores.claims,
        stores.statuses,
        stores.exports.confirmations.confirm_later,
        stores.metrics,
    )
    return Exporter(dependencies, settings.package_bucket, settings.package_prefix, limits)


def _linked_packages(settings: Settings, stores: Stores) -> LinkedPackages | None:
    if not stores.search:
        return None
    return LinkedPackages(
        stores.search,
        stores.statuses,
        stores.give_back,
        # Where there is nothing else that a button could ask for.
        on_request=not settings.export_entries,
    )
