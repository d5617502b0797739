"""An event's way: claimed, exported, then deleted, retried or dead-lettered."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass

import structlog
from structlog.contextvars import bound_contextvars

from ..queues.claims import Claim, ClaimedElsewhere, Claims, LostClaimError
from ..queues.event import Event, from_message
from ..queues.failures import kind_of, may_be_the_release, pause_after, reason_of
from ..queues.lease import GiveBackError, Lease
from ..queues.spans import event_span
from ..queues.sqs import DeadLetterQueue, Queue, Received
from ..runtime.errors import Kind
from ..runtime.metrics import Metrics
from ..runtime.tracing import current_span
from .plan import EventWork

MAX_ATTEMPTS = 5

log = structlog.get_logger()


@dataclass(frozen=True)
class ExportQueues:
    """The queue of the events, that of the canvases, and that of dead letters."""

    intake: Queue
    canvas: Queue
    dead_letters: DeadLetterQueue


@dataclass(frozen=True)
class Attempts:
    """How long a claim lives between heartbeats, and the pause before a second attempt.

    ``give_back`` is set when what is in work must go back.
    """

    lease_seconds: int
    retry_seconds: int
    give_back: threading.Event


class ExportConsumer:
    """Processes events, one at a time in each thread."""

    def __init__(
        self,
        queues: ExportQueues,
        claims: Claims,
        work: EventWork,
        attempts: Attempts,
        metrics: Metrics,
    ) -> None:
        """Take what it works with, and what is done; the metrics count how attempts end."""
        self._queues = queues
        self._claims = claims
        self._work = work
        self._attempts = attempts
        self._metrics = metrics

    def process(self, message: Received) -> None:
        """Process one event; at most one worker at a time does.

        Raises EventError, NewerVersionError, and what fails before the claim.
        """
        event = from_message(message.body)
        with (
            bound_contextvars(webhook_id=event.webhook_id, entry_id=event.entry_id),
            event_span(self._queues.intake, event),
        ):
            if not event.entry_id or (event.canvas and event.canvas.view):
                self._to_canvases(event)
                self._queues.intake.delete(message)
                return
            plan = self._work.plan(event)
            if plan.wait_seconds:
                log.info("event.postponed", delay_seconds=round(plan.wait_seconds, 1))
                self._queues.intake.change_visibility(message, plan.wait_seconds + 1)
                return
            claim = self._claims.claim(event.webhook_id, uuid.uuid4().hex)
            if claim is None:
                log.info("event.duplicate")
                self._queues.intake.delete(message)
            elif isinstance(claim, ClaimedElsewhere):
                log.info("claim.held", delay_seconds=round(claim.seconds))
                self._queues.intake.change_visibility(message, claim.seconds + 1)
            elif plan.covered:
                self._claims.done(claim)
                self._queues.intake.delete(message)
                log.info("event.completed", covered=True)
            else:
                self._export(message, event, claim)

    def _to_canvases(self, event: Event) -> None:
        """Send on what only draws: a dead letter of a canvas that was sent again."""
        group = event.entry_id or (event.canvas.canvas_id if event.canvas else "")
        # SQS still knows the webhook's ID when a dead letter comes back within minutes.
        self._queues.canvas.send(event.to_message(), group, uuid.uuid4().hex)

    def _export(self, message: Received, event: Event, claim: Claim) -> None:
        def renew() -> None:
            self._claims.renew(claim)
            self._queues.intake.change_visibility(message, self._attempts.lease_seconds)

        began = time.monotonic()
        log.info("event.started", attempt=claim.attempts + 1)
        try:
            with Lease(renew, self._attempts.lease_seconds, self._attempts.give_back) as lease:
                self._work.process(event, claim, lease.check)
        except LostClaimError as error:
            log.warning("claim.lost", reason=str(error))
        except Exception as error:  # noqa: BLE001 - an attempt ends here, whatever failed
            # A wait that the stop cut short looks like a failure, and is none.
            if isinstance(error, GiveBackError) or self._attempts.give_back.is_set():
                log.info("event.released")
                self._claims.release(claim)
                self._queues.intake.change_visibility(message, 0)
            else:
                self._fail(message, event, claim, error)
        else:
            self._queues.intake.delete(message)
            self._metrics.put("ExportsDone", 1, "Count")
            log.info("event.completed", duration_ms=round((time.monotonic() - began) * 1000))

    def _fail(self, message: Received, event: Event, claim: Claim, error: Exception) -> None:
        reason, kind, attempt = reason_of(error), kind_of(error), claim.attempts + 1
        if may_be_the_release(error):
            self._metrics.put("ExportsFailed", 1, "Count")
        current_span().fail(error)
        last = kind is Kind.PERMANENT or attempt >= MAX_ATTEMPTS
        log.error(
            "event.attempt_failed",
            reason=reason,
            kind=kind,
            attempt=attempt,
            last=last,
            exc_info=kind is Kind.OURS,
        )
        if not last:
            self._claims.failed(claim, reason, last=False)
            pause = self._attempts.retry_seconds * 3 ** (attempt - 1)
            self._queues.intake.change_visibility(message, pause_after(error, pause))
            return
        # Write the dead letter before deleting the message.
        self._queues.dead_letters.send(message, event.webhook_id, event.entry_id, reason, attempt)
        self._work.record_failure(event, reason)
        self._claims.failed(claim, reason, last=True)
        self._queues.intake.delete(message)
        log.error("event.dead_lettered", reason=reason, attempt=attempt)
