"""The intake queue: where a verified event is safe before Benchling gets its 200."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, cast

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ..queues.event import EVENT_BYTES, Event
from ..queues.failures import error_code
from ..queues.sqs import identifier
from ..runtime.aws_clients import aws_client
from .batch_sender import Admission, BatchSender, Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Two attempts must fit into the three seconds that Benchling waits.
QUEUE_CONFIG = Config(
    connect_timeout=0.7,
    read_timeout=0.7,
    retries={"total_max_attempts": 2, "mode": "standard"},
    max_pool_connections=32,
    # The parameters are this module's own.
    parameter_validation=False,
)
# SQS itself forgets a deduplication ID after five minutes; a signature is
# accepted for five minutes before and after its time.
REMEMBER_SECONDS = 600.0
REMEMBER_AT_MOST = 50_000
READY_CACHE_SECONDS = 5.0


class EventSizeError(Exception):
    """The event doesn't fit into a message."""


def queue_client(region: str) -> SQSClient:
    """Return an SQS client that gives up in time for Benchling's retry."""
    return cast("SQSClient", aws_client("sqs", region, QUEUE_CONFIG))


class Intake:
    """Writes events to the FIFO queue, each webhook ID once."""

    def __init__(
        self,
        client: SQSClient,
        queue_url: str,
        setting: str = "INTAKE_QUEUE_URL",
        admission: Admission | None = None,
    ) -> None:
        """Take a client, and the setting that names the queue; no call is made yet.

        ``admission`` is one for all queues that the same threads wait for.
        """
        self._client = client
        self._setting = setting
        self._queue_url = queue_url
        self._batches = BatchSender(client, queue_url, admission or Admission())
        self._lock = Lock()
        self._accepted: OrderedDict[str, float] = OrderedDict()
        self._checking = Lock()
        self._checked = (
            float("-inf"),
            f"{setting}: the queue was not asked yet: wait some seconds",
        )

    @property
    def queue(self) -> str:
        """Return the queue's name."""
        return self._queue_url.rpartition("/")[2]

    def accept(self, event: Event, group: str) -> bool:
        """Queue an event; return False if its webhook ID is in the queue already.

        ``group`` is what is worked on in order: the entry, or the canvas.
        Raises EventSizeError, EventError, MessageRefusedError, or IntakeError if the queue didn't
        confirm. Then the ID isn't remembered, and Benchling's retry is a new attempt.
        """
        if self._remembers(event.webhook_id):
            return False
        body = event.to_message()
        if len(body.encode()) > EVENT_BYTES:
            raise EventSizeError("the event is larger than a queue message can be")
        self._batches.send(Message(body, identifier(group), identifier(event.webhook_id)))
        with self._lock:
            self._accepted[event.webhook_id] = time.monotonic()
        return True

    def problem(self) -> str:
        """Return why the queue can't be used, or nothing; asked at most every 5 s.

        One asks at a time: with a queue that hangs, each would hold a thread.
        """
        checked, problem = self._checked
        fresh = time.monotonic() - checked < READY_CACHE_SECONDS
        if fresh or not self._checking.acquire(blocking=False):
            return problem
        try:
            problem = self._ask()
            self._checked = (time.monotonic(), problem)
        finally:
            self._checking.release()
        return problem

    def _ask(self) -> str:
        try:
            self._client.get_queue_attributes(
                QueueUrl=self._queue_url, AttributeNames=["ApproximateNumberOfMessages"]
            )
        except (BotoCoreError, ClientError) as error:
            return f"{self._setting}: the queue can't be reached ({error_code(error)})"
        return ""

    def _remembers(self, webhook_id: str) -> bool:
        oldest = time.monotonic() - REMEMBER_SECONDS
        with self._lock:
            while self._accepted and (
                len(self._accepted) > REMEMBER_AT_MOST
                or next(iter(self._accepted.values())) < oldest
            ):
                self._accepted.popitem(last=False)
            return webhook_id in self._accepted
