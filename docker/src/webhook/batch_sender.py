"""Writing to a queue in batches: what arrives while one is under way shares the next."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTimeError
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..queues.failures import error_code
from ..runtime.background import run_in_background

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

# What one call may hold: messages, and bytes of all bodies together.
# Source: the API reference of SQS, SendMessageBatch.
BATCH_MESSAGES = 10
BATCH_BYTES = 1024 * 1024
# How long a message waits for others: most of a call's work is the same for one
# message as for ten.
LINGER_SECONDS = 0.02
# Calls at once, so that one that hangs holds up few messages.
SENDERS = 2
# Benchling waits three seconds; this leaves time for what comes before and after.
WAIT_SECONDS = 2.2

# As many events wait at once, of the server's threads; who comes later is refused when
# the first of them has waited for so long. That many try whether a slow queue is back.
WAITING = 32
SLOW_SECONDS = 0.5
PROBES = 2

# SQS's code for a message that it takes in no batch and at no time, and its codes that
# a queue which isn't FIFO has for every message: of one that has taken others, they are
# the message's own.
# Source: the API reference of SQS, SendMessage and SendMessageBatch.
REFUSAL = "InvalidMessageContents"
REFUSALS_BY_A_GOOD_QUEUE = frozenset({"InvalidParameterValue", "MissingParameter"})


class IntakeError(Exception):
    """The queue didn't take the event, or can't be reached: it may later."""


class MessageRefusedError(Exception):
    """The queue can't take this message, now or later; the text is SQS's code."""


@dataclass(frozen=True)
class Message:
    """A message of a FIFO queue."""

    body: str
    group: str
    deduplication: str
    confirmed: Future[None] = field(default_factory=Future, repr=False)

    @property
    def size(self) -> int:
        """Return the body's size in bytes."""
        return len(self.body.encode())


class Admission:
    """How many events may wait for the queues at once, so that each has its response in time.

    While the queues respond, who finds the places taken waits for one. When they
    don't, a few events try, and all others are refused at once.
    """

    def __init__(self, limit: int = WAITING, slow_seconds: float = SLOW_SECONDS) -> None:
        """Take the number of places, and after how long a queue counts as slow."""
        self._limit = limit
        self._slow_seconds = slow_seconds
        self._changed = threading.Condition()
        # Since when each of the waiting waits, the oldest first.
        self._since: dict[int, float] = {}
        self._number = 0
        self._slow = False

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Hold a place; raises IntakeError where none will be free in time."""
        number = self._enter()
        failed = True
        try:
            yield
            failed = False
        finally:
            with self._changed:
                waited = time.monotonic() - self._since.pop(number)
                self._slow = failed and waited > self._slow_seconds
                self._changed.notify_all()

    def _enter(self) -> int:
        with self._changed:
            while len(self._since) >= (PROBES if self._slow else self._limit):
                oldest = next(iter(self._since.values()))
                left = oldest + self._slow_seconds - time.monotonic()
                if self._slow or left <= 0:
                    raise IntakeError(f"the queue is slow: {len(self._since)} events wait for it")
                self._changed.wait(left)
            self._number += 1
            self._since[self._number] = time.monotonic()
            return self._number


class BatchSender:
    """Sends messages from many threads with few calls; each waits for its own confirmation."""

    def __init__(self, client: SQSClient, queue_url: str, admission: Admission) -> None:
        """Take a client, and what bounds the waiting; its threads start with the first message."""
        self._admission = admission
        self._client = client
        self._queue_url = queue_url
        self._wait_seconds = WAIT_SECONDS
        self._waiting: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._started = False
        self._lock = threading.Lock()
        # One fills a batch at a time, while others send theirs.
        self._filling = threading.Lock()
        self._left: Message | None = None
        self._has_taken = False

    def send(self, message: Message) -> None:
        """Return when the queue has confirmed this message.

        Raises MessageRefusedError, or IntakeError: at once where too many wait. That
        error says that the confirmation is missing, not that the queue
        doesn't have the message.
        """
        self._start()
        with self._admission.waiting():
            self._waiting.put(message)
            try:
                message.confirmed.result(self._wait_seconds)
            except NotInTimeError:
                # If it isn't under way yet, it never will be.
                message.confirmed.cancel()
                raise IntakeError("no confirmation in time") from None

    def _start(self) -> None:
        if self._started:
            return
        with self._lock:
            if self._started:
                return
            for number in range(SENDERS):
                run_in_background(f"sender-{number}", self._run)
            self._started = True

    def _run(self) -> None:
        while True:
            with self._filling:
                batch = self._next()
            wanted = [it for it in batch if it.confirmed.set_running_or_notify_cancel()]
            if wanted:
                self._send(wanted)

    def _next(self) -> list[Message]:
        """Return what waits, up to a call's limits; the rest is for the next call."""
        batch = [self._left or self._waiting.get()]
        self._left = None
        if self._waiting.qsize() < BATCH_MESSAGES - 1:
            time.sleep(LINGER_SECONDS)
        size = batch[0].size
        while len(batch) < BATCH_MESSAGES and not self._waiting.empty():
            message = self._waiting.get()
            size += message.size
            if size > BATCH_BYTES:
                self._left = message
                break
            batch.append(message)
        return batch

    def _send(self, batch: list[Message]) -> None:
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {
                "Id": str(number),
                "MessageBody": message.body,
                "MessageGroupId": message.group,
                "MessageDeduplicationId": message.deduplication,
            }
            for number, message in enumerate(batch)
        ]
        try:
            response = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
            failed = {it["Id"]: it.get("Code", "no reason") for it in response.get("Failed", ())}
            confirmed = {it["Id"] for it in response.get("Successful", ())}
        except Exception as error:  # noqa: BLE001 - every request must get its response
            self._fail_all(batch, error)
            return
        for number, message in enumerate(batch):
            fault = failed.get(str(number), "no confirmation")
            if str(number) in confirmed:
                self._has_taken = True
                message.confirmed.set_result(None)
            elif self._refuses(fault):
                message.confirmed.set_exception(MessageRefusedError(fault))
            else:
                message.confirmed.set_exception(IntakeError(fault))

    def _fail_all(self, batch: list[Message], error: Exception) -> None:
        """Fail every message of a call that failed as a whole."""
        code = error_code(error)
        refused = self._refuses(code)
        if refused and len(batch) > 1:
            # One of them is at fault, and SQS doesn't say which.
            for message in batch:
                self._send([message])
            return
        fault = MessageRefusedError(code) if refused else IntakeError(code)
        for message in batch:
            message.confirmed.set_exception(fault)

    def _refuses(self, code: str) -> bool:
        return code == REFUSAL or (code in REFUSALS_BY_A_GOOD_QUEUE and self._has_taken)
