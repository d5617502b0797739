"""One event's work: an entry becomes a package."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import httpx
import structlog

from .archive import Archive
from .benchling import Notebook
from .claims import PACKAGED, RUNNING, Claim, Claims
from .download import RangeReader, open_download
from .packages import Package, PackageStore, package_of
from .packaging import PackagingQueue

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
    entry_id: str
    payload: dict[str, Any]

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
        texts = (event.webhook_id, event.route, event.entry_id, event.trigger["type"])
        if not all(isinstance(text, str) and text for text in texts):
            raise EventError("the message lacks an id")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
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
        if claim.package:
            package = Package(**claim.package)
        else:
            self._parts.claims.entry(event.entry_id, RUNNING)
            package = self._store(event, check)
            self._parts.claims.stored(claim, package.as_item())
        check()
        self._parts.claims.renew(claim)
        self._parts.packaging.tell(package, event.entry_id, event.webhook_id)
        self._parts.claims.entry(
            event.entry_id,
            PACKAGED,
            display_id=package.display_id,
            package_name=package.name,
            files=package.files,
            reason="",
        )
        self._parts.claims.done(claim)
        log.info("packaged", package=package.name, files=package.files)

    def _store(self, event: QueuedEvent, check: Callable[[], None]) -> Package:
        entry = self._parts.notebook.entry(event.entry_id)
        package = package_of(self._bucket, self._prefix, entry)
        address = self._parts.notebook.export(event.entry_id, check)
        with open_download(self._parts.downloads, address) as file:
            archive = Archive(file, cast(RangeReader, file.raw).size)
            store = PackageStore(self._parts.s3, check)
            return replace(package, files=store.write(package, archive, entry, event.trigger))
