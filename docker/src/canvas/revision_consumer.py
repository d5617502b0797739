"""Quilt's word that a revision exists, and what is done when it doesn't come.

The queue gets Quilt's package-revision events of the bucket, and the worker's
own reminders of packages that were handed over.
Source of the event: Quilt's documentation of package events.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from structlog.contextvars import bound_contextvars

from ..export.export_status import (
    HANDED,
    PACKAGED,
    UNCONFIRMED,
    ExportStatus,
    ExportStatuses,
    Values,
)
from ..queues.spans import SQS
from ..runtime.metrics import Metrics
from ..runtime.tracing import SpanKind, span

if TYPE_CHECKING:
    from ..queues.sqs import Queue, Received

# An event's time is of whole seconds, and by another clock.
CLOCK_SECONDS = 1

log = structlog.get_logger()


class RevisionConsumer:
    """Records revisions, and reports packages that Quilt never confirms."""

    def __init__(
        self,
        queue: Queue,
        statuses: ExportStatuses,
        metrics: Metrics,
        confirm_seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take what it works with; ``confirm_seconds`` of 0 waits for no confirmation."""
        self._queue = queue
        self._statuses = statuses
        self._metrics = metrics
        self._confirm_seconds = confirm_seconds
        self._clock = clock

    def confirm_later(self, entry_id: str, package_name: str, handed_at: float) -> None:
        """Have it looked at later whether Quilt has confirmed a package."""
        if self._confirm_seconds:
            reminder = {"entry_id": entry_id, "package": package_name, "handed_at": handed_at}
            self._queue.send(
                json.dumps({"reminder": reminder}), delay_seconds=math.ceil(self._confirm_seconds)
            )

    def process(self, message: Received) -> None:
        """Take one event or reminder."""
        wait = 0.0
        try:
            content = json.loads(message.body)
            if "reminder" in content:
                wait = self._remind(content["reminder"])
            else:
                self._confirm(content)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.error(
                "revision.rejected",
                reason=type(error).__name__,
                message_id=message.message_id,
            )
        if wait:
            self._queue.change_visibility(message, math.ceil(wait))
        else:
            self._queue.delete(message)

    def _confirm(self, event: Mapping[str, Any]) -> None:
        detail = event["detail"]
        name, top_hash = str(detail["handle"]), str(detail["topHash"])
        made_at = datetime.fromisoformat(event["time"]).timestamp()
        entry_id = self._statuses.entry_of_package(name)
        if not entry_id:
            log.debug("revision.ignored", package=name)
            return
        with bound_contextvars(entry_id=entry_id):
            asked = ExportStatus()

            def confirmed(before: ExportStatus) -> Values | None:
                nonlocal asked
                asked = before
                return _confirmed(before, name, top_hash, made_at)

            status = self._statuses.change(entry_id, confirmed)
            if status is None:
                log.info("revision.unmatched", package=name, top_hash=top_hash)
                return
            seconds = max(self._clock() - status.event_at, 0)
            self._metrics.put("PackageConfirmedSeconds", seconds, "Seconds")
            with self._span(entry_id, asked):
                log.info(
                    "package.confirmed",
                    package=name,
                    top_hash=top_hash,
                    duration_ms=round(seconds * 1000),
                )

    def _span(self, entry_id: str, asked: ExportStatus) -> AbstractContextManager[object]:
        """Return the last span of a trace: from when Quilt was asked until its word came."""
        if not asked.traceparent:
            return nullcontext()
        return span(
            f"process {self._queue.name}",
            SpanKind.CONSUMER,
            parent=asked.traceparent,
            started_at=asked.handed_at,
            attributes={
                **SQS,
                "messaging.operation.type": "process",
                "messaging.destination.name": self._queue.name,
                "entry_id": entry_id,
            },
        )

    def _remind(self, reminder: Mapping[str, Any]) -> float:
        """Return after how many seconds to look again; 0 is never."""
        entry_id, handed_at = str(reminder["entry_id"]), float(reminder["handed_at"])
        left = handed_at + self._confirm_seconds - self._clock()
        if left > 0:
            return left
        with bound_contextvars(entry_id=entry_id):
            late = self._statuses.change(entry_id, lambda it: _late(it, handed_at))
            if late:
                self._metrics.put("PackagesUnconfirmed", 1, "Count")
                log.error(
                    "package.unconfirmed",
                    package=late.package_name,
                    timeout_seconds=self._confirm_seconds,
                )
        return 0


def _confirmed(
    status: ExportStatus, package_name: str, top_hash: str, made_at: float
) -> Values | None:
    """Return what a revision changes: nothing if it is older than what is known."""
    # An event's time is of whole seconds.
    until = made_at + CLOCK_SECONDS
    if status.package_name != package_name or until < max(status.handed_at, status.confirmed_at):
        return None
    if status.state == PACKAGED and status.top_hash == top_hash:
        # EventBridge and SQS deliver at least once.
        return None
    values: Values = {"top_hash": top_hash, "confirmed_at": until}
    if status.traceparent:
        values["traceparent"] = ""
    if status.state in (HANDED, UNCONFIRMED):
        values["state"] = PACKAGED
    return values


def _late(status: ExportStatus, handed_at: float) -> Values | None:
    """Return what silence changes: nothing if a later export has a reminder of its own."""
    same = abs(status.handed_at - handed_at) < CLOCK_SECONDS / 2
    return {"state": UNCONFIRMED} if status.state == HANDED and same else None
