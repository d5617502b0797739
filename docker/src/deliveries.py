"""A message's way: claimed, worked on, then deleted, put off or dead-lettered."""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from botocore.exceptions import BotoCoreError, ClientError
from structlog.contextvars import bound_contextvars

from .archive import ArchiveError
from .benchling import NotebookError
from .claims import Claim, Claims, Held, LostClaimError
from .download import DownloadError
from .exports import EventError, Exporter, QueuedEvent, read_event
from .intake import identifier
from .leases import GiveBackError, Lease
from .packages import StoreError
from .patience import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

TRIES = 5
# SQS hides a message for at most twelve hours; nobody should wait that long.
MAX_DELAY_SECONDS = 3600
POLL_SECONDS = 5
# Errors whose text is written for the operator and quotes no secret.
TOLD = (ArchiveError, DownloadError, NotebookError, StoreError, UnavailableError)

log = structlog.get_logger()


@dataclass(frozen=True)
class Queues:
    """The intake queue, and where its dead letters go."""

    client: SQSClient
    intake_url: str
    dead_letter_url: str


class Deliveries:
    """Receives events one by one and sees each through."""

    def __init__(
        self,
        queues: Queues,
        claims: Claims,
        exporter: Exporter,
        lease_seconds: int,
        retry_seconds: int,
    ) -> None:
        """Take the parts; nothing is received before the first ``next``."""
        self._queues = queues
        self._claims = claims
        self._exporter = exporter
        self._lease_seconds = lease_seconds
        self._retry_seconds = retry_seconds
        # Set when the worker must stop: what is in work goes back.
        self.give_back = threading.Event()

    def next(self, stopping: threading.Event) -> bool:
        """Wait some seconds for a message and see it through; return whether one came.

        What the queues or the table refuse is raised: then the message comes
        again when its lease ends, and so does the claim.
        """
        answer = self._queues.client.receive_message(
            QueueUrl=self._queues.intake_url,
            MaxNumberOfMessages=1,
            WaitTimeSeconds=POLL_SECONDS,
            VisibilityTimeout=self._lease_seconds,
        )
        for message in answer.get("Messages", ()):
            if stopping.is_set():
                self._hide(message, 0)
            else:
                self._see_through(message)
            return True
        return False

    def _see_through(self, message: MessageTypeDef) -> None:
        try:
            event = read_event(message["Body"])
        except EventError as error:
            log.error("dead letter", reason=str(error), message_id=message["MessageId"])
            self._bury(message, message["MessageId"], str(error), 1)
            self._delete(message)
            return
        with bound_contextvars(webhook_id=event.webhook_id, entry_id=event.entry_id):
            claim = self._claims.claim(event.webhook_id, uuid.uuid4().hex)
            if claim is None:
                log.info("duplicate")
                self._delete(message)
            elif isinstance(claim, Held):
                log.info("held by another worker", seconds=round(claim.seconds))
                self._hide(message, claim.seconds + 1)
            else:
                self._work(message, event, claim)

    def _work(self, message: MessageTypeDef, event: QueuedEvent, claim: Claim) -> None:
        def renew() -> None:
            self._claims.renew(claim)
            self._hide(message, self._lease_seconds)

        began = time.monotonic()
        log.info("working", earlier_tries=claim.tries)
        try:
            with Lease(renew, self._lease_seconds, self.give_back) as lease:
                if event.entry_id:
                    self._exporter.export(event, claim, lease.check)
                else:
                    self._forward(self._exporter.of_its_entry(event))
                    self._claims.release(claim)
        except LostClaimError as error:
            log.warning("lost the claim", reason=str(error))
        except Exception as error:  # noqa: BLE001 - a try ends here, whatever failed
            # A wait that the stop cut short looks like a failure, and is none.
            if isinstance(error, GiveBackError) or self.give_back.is_set():
                log.info("given back")
                self._claims.release(claim)
                self._hide(message, 0)
            else:
                self._fail(message, event, claim, error)
        else:
            self._delete(message)
            log.info("done", seconds=round(time.monotonic() - began, 2))

    def _fail(
        self, message: MessageTypeDef, event: QueuedEvent, claim: Claim, error: Exception
    ) -> None:
        reason, tries = reason_of(error), claim.tries + 1
        last = tries >= TRIES
        log.error("try failed", reason=reason, tries=tries, last=last, exc_info=not _told(error))
        if not last:
            self._claims.failed(claim, reason, last=False)
            asked = error.retry_after if isinstance(error, UnavailableError) else 0
            self._hide(message, max(self._retry_seconds * 3 ** (tries - 1), asked))
            return
        # The letter is safe before anything forgets the event.
        self._bury(message, event.webhook_id, reason, tries, event.entry_id)
        self._exporter.record_failure(event, reason)
        self._claims.failed(claim, reason, last=True)
        self._delete(message)
        log.error("dead letter", reason=reason)
        self._exporter.draw(event)

    def _forward(self, event: QueuedEvent) -> None:
        """Queue an event of a canvas again, now in the order of its entry's events.

        It keeps its webhook ID, so that a second copy finds it claimed or done.
        """
        self._queues.client.send_message(
            QueueUrl=self._queues.intake_url,
            MessageBody=event.body(),
            MessageGroupId=identifier(event.entry_id),
            MessageDeduplicationId=identifier(f"{event.webhook_id}:{event.entry_id}"),
        )
        log.info("forwarded to its entry", of=event.entry_id)

    def _bury(
        self, message: MessageTypeDef, event_id: str, reason: str, tries: int, group: str = ""
    ) -> None:
        now = datetime.now(UTC)
        self._queues.client.send_message(
            QueueUrl=self._queues.dead_letter_url,
            MessageBody=message["Body"],
            MessageGroupId=identifier(group or event_id),
            MessageDeduplicationId=identifier(f"{event_id}:{now.timestamp():.3f}"),
            MessageAttributes={
                "reason": {"DataType": "String", "StringValue": reason},
                "tries": {"DataType": "Number", "StringValue": str(tries)},
                "failed_at": {"DataType": "String", "StringValue": now.isoformat()},
            },
        )

    def _hide(self, message: MessageTypeDef, seconds: float) -> None:
        self._queues.client.change_message_visibility(
            QueueUrl=self._queues.intake_url,
            ReceiptHandle=message["ReceiptHandle"],
            VisibilityTimeout=min(round(seconds), MAX_DELAY_SECONDS),
        )

    def _delete(self, message: MessageTypeDef) -> None:
        self._queues.client.delete_message(
            QueueUrl=self._queues.intake_url, ReceiptHandle=message["ReceiptHandle"]
        )


def _told(error: Exception) -> bool:
    return isinstance(error, (*TOLD, ClientError, BotoCoreError))


def reason_of(error: Exception) -> str:
    """Return why a try failed, for the operator: no part of a request's secrets."""
    if isinstance(error, TOLD):
        text = str(error)
    elif isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "an error")
        text = f"{error.operation_name} answered {code}"
    elif isinstance(error, BotoCoreError):
        text = type(error).__name__
    else:
        text = f"{type(error).__name__}: a fault of the worker; its log has the trace"
    # SQS takes no control characters.
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:500]
