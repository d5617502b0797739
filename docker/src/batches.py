"""Writing to a queue in batches: what arrives while one is under way shares the next."""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTimeError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

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
# Benchling waits three seconds; this leaves time for its 503.
WAIT_SECONDS = 2.6


class IntakeError(Exception):
    """The queue didn't take the event, or can't be reached."""


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


class Batches:
    """Sends messages from many threads with few calls; each waits for its own confirmation."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        """Take a client; its threads start with the first message."""
        self._client = client
        self._queue_url = queue_url
        self._wait_seconds = WAIT_SECONDS
        self._waiting: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._started = False
        self._lock = threading.Lock()
        # One fills a batch at a time, while others send theirs.
        self._filling = threading.Lock()
        self._left: Message | None = None

    def send(self, message: Message) -> None:
        """Return when the queue has confirmed this message, or raise IntakeError.

        An error says that the confirmation is missing, not that the queue
        doesn't have the message.
        """
        self._start()
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
                threading.Thread(target=self._run, name=f"sender-{number}", daemon=True).start()
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
        faults = {entry["Id"]: "no confirmation" for entry in entries}
        try:
            answer = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
        except Exception as error:  # noqa: BLE001 - every request must get its answer
            faults = dict.fromkeys(faults, error_code(error))
        else:
            faults.update((failed["Id"], failed["Code"]) for failed in answer.get("Failed", ()))
            for confirmed in answer.get("Successful", ()):
                del faults[confirmed["Id"]]
        for number, message in enumerate(batch):
            fault = faults.get(str(number))
            if fault:
                message.confirmed.set_exception(IntakeError(fault))
            else:
                message.confirmed.set_result(None)


def error_code(error: Exception) -> str:
    """Return an error's name: its text may quote the request."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code", type(error).__name__)
    return type(error).__name__
