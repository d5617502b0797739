"""One event's work: an entry becomes a package."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import httpx
import structlog

from .archive import Archive
from .benchling import Notebook, NotebookError
from .canvas import Canvas
from .canvas_calls import CanvasCall, read_canvas_call
from .claims import Claim, Claims
from .download import RangeReader, open_download
from .entries import FAILED, PACKAGED, RUNNING, Entries
from .packages import Package, PackageStore, package_of
from .packaging import PackagingQueue
from .patience import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = structlog.get_logger()


class EventError(Exception):
    """A message that the intake can't have written."""


@dataclass(frozen=True)
class QueuedEvent:
    """A verified event as the intake queued it."""

    webhook_id: str
    received_at: float
    route: str
    # Empty until the worker has asked whose canvas it is.
    entry_id: str
    payload: dict[str, Any]

    @property
    def call(self) -> CanvasCall | None:
        """Return what a canvas asks for, or nothing if the event is none of a canvas."""
        return read_canvas_call(self.payload["message"]) if self.route == "canvas" else None

    def body(self) -> str:
        """Return the event as a message."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @property
    def trigger(self) -> dict[str, Any]:
        """Return what the package says of its cause."""
        return {
            "webhook_id": self.webhook_id,
            "received_at": self.received_at,
            "route": self.route,
            "type": self.payload["message"]["type"],
            "entry_id": self.entry_id,
        }


def read_event(body: str) -> QueuedEvent:
    """Return the event of a message, or raise EventError."""
    try:
        event = QueuedEvent(**json.loads(body))
        call = event.call
        subject = event.entry_id or (call and call.canvas_id)
        texts = (event.webhook_id, event.route, subject, event.trigger["type"])
        if not all(isinstance(text, str) and text for text in texts):
            raise EventError("the message lacks an id")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise EventError("the message is not an event of the intake") from error
    return event


@dataclass(frozen=True)
class Parts:
    """What an export works with. ``downloads`` sends no token."""

    notebook: Notebook
    downloads: httpx.Client
    s3: S3Client
    packaging: PackagingQueue
    claims: Claims
    entries: Entries
    canvas: Canvas


class Exporter:
    """Makes packages; one object serves all the threads of a worker."""

    def __init__(self, parts: Parts, bucket: str, prefix: str) -> None:
        """Take what it works with, and where packages go."""
        self._parts = parts
        self._bucket = bucket
        self._prefix = prefix

    def export(self, event: QueuedEvent, claim: Claim, check: Callable[[], None]) -> None:
        """Make the event's package and record it as done.

        The files are in place before Quilt is told, and Quilt is told before
        the event is done: whoever takes over at any point repeats at most what
        repeats without effect.
        """
        if event.call and event.call.page:
            self.draw(event)
            self._parts.claims.done(claim)
            return
        if claim.package:
            package = Package(**claim.package)
        else:
            self._parts.entries.record(event.entry_id, RUNNING)
            if event.call and event.call.canvas_id:
                self.draw(event)
            package = self._store(event, check)
            self._parts.claims.stored(claim, package.as_item())
        check()
        self._parts.claims.renew(claim)
        self._parts.packaging.tell(package, event.entry_id, event.webhook_id)
        self._parts.entries.record(
            event.entry_id,
            PACKAGED,
            display_id=package.display_id,
            package_name=package.name,
            files=package.files,
            reason="",
        )
        self.draw(event)
        self._parts.claims.done(claim)
        log.info("packaged", package=package.name, files=package.files)

    def of_its_entry(self, event: QueuedEvent) -> QueuedEvent:
        """Return an event of a canvas with the entry that the canvas is in."""
        call = cast(CanvasCall, event.call)
        return replace(event, entry_id=self._parts.notebook.entry_of_canvas(call.canvas_id))

    def record_failure(self, event: QueuedEvent, reason: str) -> None:
        """Record that the entry's export failed for good."""
        if event.entry_id and not (event.call and event.call.page):
            self._parts.entries.record(event.entry_id, FAILED, reason=reason)

    def draw(self, event: QueuedEvent) -> None:
        """Show on the event's canvas, if it has one, how the entry stands.

        A canvas that can't be drawn is logged and no more: it may be gone, and
        the package is what counts.
        """
        call = event.call
        if call is None or not event.entry_id:
            return
        blocks = self._parts.canvas.blocks(event.entry_id, call.page)
        try:
            if call.canvas_id:
                self._parts.notebook.draw(call.canvas_id, blocks)
            else:
                self._parts.notebook.add_canvas(call.feature_id, event.entry_id, blocks)
        except (NotebookError, UnavailableError) as error:
            log.warning("canvas not drawn", reason=str(error), canvas_id=call.canvas_id)

    def _store(self, event: QueuedEvent, check: Callable[[], None]) -> Package:
        entry = self._parts.notebook.entry(event.entry_id)
        package = package_of(self._bucket, self._prefix, entry)
        address = self._parts.notebook.export(event.entry_id, check)
        with open_download(self._parts.downloads, address) as file:
            archive = Archive(file, cast(RangeReader, file.raw).size)
            store = PackageStore(self._parts.s3, check)
            return replace(package, files=store.write(package, archive, entry, event.trigger))
