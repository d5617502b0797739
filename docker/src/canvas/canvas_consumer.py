"""What canvases ask for, and what they must show: past the exports, on a queue of its own."""

from __future__ import annotations

import json
import threading
import time
import uuid
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog
from structlog.contextvars import bound_contextvars

from ..export.benchling_client import BenchlingClient
from ..export.benchling_responses import BenchlingClientError, DrawnCanvas
from ..export.export_status import ExportStatus, ExportStatuses
from ..queues.canvas_request import CanvasRequest, EventError
from ..queues.canvas_view import FIRST_VIEW, CanvasView
from ..queues.claims import ClaimedElsewhere, Claims
from ..queues.event import Event, from_message
from ..queues.failures import kind_of, pause_after, reason_of
from ..queues.lease import Lease
from ..queues.spans import event_span
from ..runtime.errors import Kind
from ..runtime.tracing import current_span
from .canvas import Canvas
from .linked_canvas import LinkedCanvas
from .linked_packages import LinkedPackages
from .redraw import Redraw, announce, redraw_of

if TYPE_CHECKING:
    from ..queues.sqs import DeadLetterQueue, Queue, Received

# How long a canvas's message is hidden between heartbeats: a worker that dies
# while it draws leaves the canvas wrong for no longer.
HIDDEN_SECONDS = 6
# The change that was announced comes within milliseconds, or its worker is dead.
ANNOUNCED_SECONDS = 1.0
ANNOUNCED_RECEIVES = 3
# Ten minutes with the pauses below. A click is a dead letter then; what canvases
# must show is announced again, for as long as an outage may last.
MAX_RECEIVES = 14
LAST_PAUSE_SECONDS = 60
OUTAGE_SECONDS = 24 * 3600

log = structlog.get_logger()


@dataclass(frozen=True)
class CanvasDependencies:
    """What canvases are drawn with."""

    queue: Queue
    intake: Queue
    dead_letters: DeadLetterQueue
    benchling: BenchlingClient
    statuses: ExportStatuses
    claims: Claims
    canvas: Canvas | LinkedCanvas
    # None where no database to search is set.
    linked: LinkedPackages | None = None


class CanvasConsumer:
    """Draws canvases, those of one entry one after the other."""

    def __init__(self, dependencies: CanvasDependencies, give_back: threading.Event) -> None:
        """Take the dependencies; ``give_back`` is set when what is in work must go back."""
        self._dependencies = dependencies
        self._give_back = give_back

    def process(self, message: Received) -> None:
        """Do what a message asks for; raises EventError and NewerVersionError."""
        queue = self._dependencies.queue
        work = _read(message.body)
        subject = {"entry_id": work.entry_id}
        if isinstance(work, Event):
            subject["webhook_id"] = work.webhook_id

        def beat() -> None:
            queue.change_visibility(message, HIDDEN_SECONDS)

        traced = event_span(queue, work) if isinstance(work, Event) else nullcontext()
        with bound_contextvars(**subject), traced:
            try:
                with Lease(beat, HIDDEN_SECONDS, self._give_back):
                    pause = self._work(message, work)
            except Exception as error:  # noqa: BLE001 - an attempt ends here, whatever failed
                current_span().fail(error)
                # A wait that the stop cut short looks like a failure, and is none.
                if self._give_back.is_set():
                    queue.change_visibility(message, 0)
                elif kind_of(error) is Kind.PERMANENT:
                    self._give_up(message, work, reason_of(error))
                else:
                    self._retry(message, work, error)
                return
            if pause:
                queue.change_visibility(message, pause)
            else:
                queue.delete(message)

    def _work(self, message: Received, work: Event | Redraw) -> float:
        """Return after how many seconds the message is to come again; 0 ends it."""
        if isinstance(work, Redraw):
            return self._redraw(message, work)
        request = work.canvas
        if request is None:
            return 0
        if not work.entry_id:
            entry_id = self._dependencies.benchling.entry_of_canvas(request.canvas_id)
            # From here on in the order of the entry's other messages.
            found = replace(work, entry_id=entry_id)
            self._dependencies.queue.send(
                found.to_message(), entry_id, f"{work.webhook_id}:{entry_id}"
            )
            return 0
        if request.view:
            view = self._dependencies.statuses.remember_canvas(
                work.entry_id, request.canvas_id, request.view
            )
            self._draw(work.entry_id, [DrawnCanvas(request.canvas_id, view=view)])
            return 0
        return self._request_export(work, request)

    def _request_export(self, event: Event, request: CanvasRequest) -> float:
        """Queue an export behind the entry's other events, and show that at once."""
        canvas_id = request.canvas_id
        if not canvas_id:
            claim = self._dependencies.claims.claim(f"{event.webhook_id}:canvas", uuid.uuid4().hex)
            if isinstance(claim, ClaimedElsewhere):
                return claim.seconds + 1
            if claim:
                blocks = self._blocks(event.entry_id, FIRST_VIEW)
                canvas_id = self._dependencies.benchling.add_canvas(
                    request.feature_id, event.entry_id, blocks, event.app_id
                )
                self._dependencies.claims.done(claim)
        view = FIRST_VIEW
        if canvas_id:
            # What is read on it stays there while the export runs.
            view = self._dependencies.statuses.remember_canvas(event.entry_id, canvas_id)
        self._dependencies.intake.send(event.to_message(), event.entry_id, event.webhook_id)
        app = {"app_id": event.app_id} if event.app_id else {}
        values: dict[str, str | float] = {"requested_at": event.received_at, **app}
        self._dependencies.statuses.change(event.entry_id, lambda _: values)
        if request.canvas_id:
            self._draw(event.entry_id, [DrawnCanvas(request.canvas_id, view=view)])
        log.info("export.requested")
        return 0

    def _redraw(self, message: Received, redraw: Redraw) -> float:
        deadline = time.monotonic() + ANNOUNCED_SECONDS
        status = self._dependencies.statuses.read(redraw.entry_id)
        while status.version < redraw.version:
            if time.monotonic() > deadline and message.receives < ANNOUNCED_RECEIVES:
                return 1
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
            status = self._dependencies.statuses.read(redraw.entry_id)
        self._draw(redraw.entry_id, self._canvases(redraw.entry_id, status))
        return 0

    def _canvases(self, entry_id: str, status: ExportStatus) -> list[DrawnCanvas]:
        """Return the entry's canvases: those that asked for something, and others of the app."""
        known = [DrawnCanvas(it, view=view) for it, view in status.known_canvases.items()]
        try:
            listed = self._dependencies.benchling.canvases_of(entry_id)
        except BenchlingClientError as error:
            if kind_of(error) is not Kind.PERMANENT:
                raise
            # The app may not list them; those that it knows must still be true.
            log.warning("canvas.list_failed", reason=str(error))
            return known
        others = [it for it in listed if it.canvas_id not in status.known_canvases]
        return known + [it for it in others if not status.app_id or it.app_id == status.app_id]

    def _draw(self, entry_id: str, canvases: list[DrawnCanvas]) -> None:
        for canvas in canvases:
            blocks = self._blocks(entry_id, canvas.view)
            try:
                self._dependencies.benchling.draw(canvas.canvas_id, blocks, canvas.view)
            except BenchlingClientError as error:
                if kind_of(error) is not Kind.PERMANENT:
                    raise
                # It may be gone, or another app's; the package is what counts.
                log.warning("canvas.draw_failed", reason=str(error), canvas_id=canvas.canvas_id)
                self._dependencies.statuses.forget_canvas(entry_id, canvas.canvas_id)
        if canvases and self._dependencies.linked:
            self._dependencies.linked.refresh(entry_id)

    def _blocks(self, entry_id: str, view: CanvasView) -> list[dict[str, object]]:
        # Read for each: the last that is drawn shows what is true then.
        return self._dependencies.canvas.blocks(
            entry_id, self._dependencies.statuses.read(entry_id), view
        )

    def _retry(self, message: Received, work: Event | Redraw, error: Exception) -> None:
        reason = reason_of(error)
        last = message.receives >= MAX_RECEIVES
        kind = kind_of(error)
        log.error(
            "canvas.attempt_failed",
            reason=reason,
            kind=kind,
            attempt=message.receives,
            last=last,
            exc_info=kind is Kind.OURS,
        )
        if not last:
            pause = min(2 ** (message.receives - 1), LAST_PAUSE_SECONDS)
            self._dependencies.queue.change_visibility(message, pause_after(error, pause))
        elif isinstance(work, Event):
            self._dead_letter(message, work.webhook_id, work.entry_id, reason)
        else:
            if time.time() - work.since < OUTAGE_SECONDS:
                announce(self._dependencies.queue, work.entry_id, work.version, work.since)
            self._dependencies.queue.delete(message)

    def _give_up(self, message: Received, work: Event | Redraw, reason: str) -> None:
        if isinstance(work, Event):
            self._dead_letter(message, work.webhook_id, work.entry_id, reason)
            return
        # What only had to be drawn is drawn with the next change.
        log.warning("canvas.redraw_abandoned", reason=reason)
        self._dependencies.queue.delete(message)

    def _dead_letter(self, message: Received, event_id: str, group: str, reason: str) -> None:
        log.error(
            "canvas.dead_lettered",
            reason=reason,
            attempt=message.receives,
            message_id=message.message_id,
        )
        self._dependencies.dead_letters.send(message, event_id, group, reason, message.receives)
        self._dependencies.queue.delete(message)


def _read(body: str) -> Event | Redraw:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise EventError("the message is not JSON") from error
    if isinstance(message, dict) and "redraw" in message:
        return redraw_of(message)
    return from_message(body)
