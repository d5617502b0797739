"""One event's work: an entry becomes a package."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import httpx
import structlog

from ..queues.claims import Claim, Claims
from ..queues.event import Event
from ..queues.spans import send_span
from ..runtime.metrics import Metrics
from ..runtime.time_limits import check_time, time_limit
from ..runtime.tracing import span
from ..store.archive import Archive
from ..store.package_store import PackageStore
from ..store.packages import Package, documents_of, package_of
from ..store.packaging_queue import PackagingQueue
from ..store.references import links_of
from .benchling_client import BenchlingClient
from .download import FLOOR_SECONDS, open_download
from .export_status import FAILED, HANDED, PACKAGED, RUNNING, ExportStatus, ExportStatuses, Values
from .plan import Plan, plan_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = structlog.get_logger()


@dataclass(frozen=True)
class ExportDependencies:
    """What an export works with. ``downloads`` sends no token."""

    benchling: BenchlingClient
    downloads: httpx.Client
    s3: S3Client
    packaging: PackagingQueue
    claims: Claims
    statuses: ExportStatuses
    # Asks later whether Quilt has confirmed: entry, package, and when it was asked.
    confirm_later: Callable[[str, str, float], None]
    metrics: Metrics


@dataclass(frozen=True)
class ExportLimits:
    """How often an entry is exported at most, and how long one export may take.

    An export holds one of the worker's places.
    """

    interval_seconds: float
    timeout_seconds: float
    # Within what time a download must bring something worth it.
    floor_seconds: float = FLOOR_SECONDS


class Exporter:
    """Makes packages; one object serves all the threads of a worker."""

    def __init__(
        self,
        dependencies: ExportDependencies,
        bucket: str,
        prefix: str,
        limits: ExportLimits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take what it works with, where packages go, and the limits."""
        self._dependencies = dependencies
        self._bucket = bucket
        self._prefix = prefix
        self._limits = limits
        self._clock = clock

    def plan(self, event: Event) -> Plan:
        """Return what an event asks for, in view of what was exported already."""
        read_at = self._dependencies.statuses.read(event.entry_id).read_at
        return plan_of(event, read_at, self._limits.interval_seconds, self._clock())

    def process(self, event: Event, claim: Claim, check: Callable[[], None]) -> None:
        """Make the event's package and record it as done.

        The files are in place before Quilt is asked, and Quilt is asked before
        the event is done: whoever takes over at any point repeats at most what
        repeats without effect. ``check`` raises when the work must end. Raises
        TimeLimitError.
        """

        def check_all() -> None:
            check()
            check_time()

        with time_limit(self._limits.timeout_seconds, "the export"):
            self._export(event, claim, check_all)

    def _export(self, event: Event, claim: Claim, check: Callable[[], None]) -> None:
        statuses = self._dependencies.statuses
        if claim.package:
            package = Package(**claim.package)
            statuses.own_package(package.name, event.entry_id)
            status = statuses.read(event.entry_id)
            check()
            self._dependencies.claims.renew(claim)
        else:
            running: Values = {"state": RUNNING, "reason": ""}
            if event.app_id:
                running["app_id"] = event.app_id
            status = statuses.change(event.entry_id, lambda _: running) or ExportStatus()
            package = self._store(event, status.package_name, check)
            # That the claim is still this worker's is a condition of the write.
            self._dependencies.claims.stored(claim, package.as_item())
            check()
        self._hand_over(event, package, status)
        self._dependencies.claims.done(claim)

    def record_failure(self, event: Event, reason: str) -> None:
        """Record that the entry's export failed for good."""
        values: Values = {"state": FAILED, "reason": reason, "failed_at": self._clock()}
        self._dependencies.statuses.change(event.entry_id, lambda _: values)

    def _store(self, event: Event, owned: str, check: Callable[[], None]) -> Package:
        """Put an entry's files in place; ``owned`` is the package that it is known to have."""
        benchling = self._dependencies.benchling
        read_at = self._clock()
        with span("read entry"):
            entry = benchling.entry(event.entry_id)
            links = links_of(entry, benchling.name_of)
        package = package_of(
            self._bucket,
            self._prefix,
            entry,
            lambda name: (
                name == owned or self._dependencies.statuses.own_package(name, event.entry_id)
            ),
        )
        with span("wait for export"):
            url = benchling.export(event.entry_id, check)
        floor_seconds = self._limits.floor_seconds
        with (
            span("store files"),
            open_download(self._dependencies.downloads, url, check, floor_seconds) as file,
        ):
            documents = documents_of(package, entry, links, event.trigger)
            store = PackageStore(self._dependencies.s3, self._bucket, check)
            stored = store.write(package.name, event.entry_id, Archive(file), documents)
        size = sum(it.size for it in stored.contents.files)
        self._dependencies.metrics.put("ExportBytes", size, "Bytes")
        return replace(
            package,
            files=len(stored.contents.files),
            left_out=len(stored.contents.left_out),
            metadata=stored.documents["entry.json"],
            fingerprint=stored.fingerprint,
            read_at=read_at,
        )

    def _hand_over(self, event: Event, package: Package, before: ExportStatus) -> None:
        """Ask Quilt for a revision, unless its last one holds just this.

        Who presses the button has it asked again.
        """
        statuses = self._dependencies.statuses
        known: Values = {
            "reason": "",
            "display_id": package.display_id,
            "package_name": package.name,
            "files": package.files,
            "left_out": package.left_out,
            "fingerprint": package.fingerprint,
            "read_at": package.read_at,
        }
        confirmed = before.top_hash and before.confirmed_at >= before.handed_at
        if confirmed and before.fingerprint == package.fingerprint and not event.canvas:
            statuses.change(event.entry_id, lambda _: {**known, "state": PACKAGED})
            log.info("package.unchanged", package=package.name)
            return
        handed_at = self._clock()
        # Quilt's word may come before the next line but one.
        asked: Values = {
            "package_name": package.name,
            "event_at": event.received_at,
            "handed_at": handed_at,
        }
        with send_span(self._dependencies.packaging.name) as sent:
            if sent.traceparent or before.traceparent:
                asked["traceparent"] = sent.traceparent
            then = statuses.change(event.entry_id, lambda _: asked, shown=False)
            self._dependencies.packaging.request_package(package, event.entry_id, event.webhook_id)
            self._dependencies.confirm_later(event.entry_id, package.name, handed_at)
        seconds = max(self._clock() - event.received_at, 0)
        self._dependencies.metrics.put("PackagedSeconds", seconds, "Seconds")

        def handed(status: ExportStatus) -> Values:
            confirmed = then is not None and (status.top_hash, status.confirmed_at) != (
                then.top_hash,
                then.confirmed_at,
            )
            return {**known, "state": PACKAGED if confirmed else HANDED}

        statuses.change(event.entry_id, handed)
        log.info("package.requested", package=package.name, files=package.files)
