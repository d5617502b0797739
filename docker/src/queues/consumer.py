"""Receiving from a queue, one message at a time, until the worker stops."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import structlog

from ..runtime.errors import Kind
from .event import NewerVersionError
from .failures import kind_of, pause_after, reason_of

if TYPE_CHECKING:
    from .sqs import DeadLetterQueue, Queue, Received

POLL_SECONDS = 5
# How long a message of a later version waits for a worker that can read it.
NEWER_VERSION_SECONDS = 60
# A message that was received more often was never seen through: it has ended the
# workers, or failed before anybody could count its attempts. Below the queues'
# own limit (maxReceiveCount in constructs/queues.go), whose dead letters have no reason.
MAX_RECEIVES = 18
LAST_PAUSE_SECONDS = 60.0

log = structlog.get_logger()


class Process(Protocol):
    """What is done with a message: it is deleted, hidden or left when this returns."""

    def __call__(self, message: Received, /) -> None:
        """Do it."""


class Consumer:
    """Receives messages one by one, and has each processed."""

    def __init__(
        self,
        queue: Queue,
        process: Process,
        hidden_seconds: float,
        dead_letters: DeadLetterQueue | None = None,
        admits: Callable[[], bool] = lambda: True,
    ) -> None:
        """Take the queue, what is done, and how long a message is hidden meanwhile.

        Without a queue for dead letters, what fails for good is logged and deleted.
        While ``admits`` returns False, nothing is received.
        """
        self._admits = admits
        self._queue = queue
        self._handle = process
        self._hidden_seconds = hidden_seconds
        self._dead_letters = dead_letters

    def poll(self, stopping: threading.Event) -> bool:
        """Wait some seconds for a message and process it; return whether one came.

        What ``process`` raises hides the message for a while, or ends it as a dead
        letter with its reason. Raises what AWS refuses of the queue itself, and
        transient failures, so that the caller pauses, too.
        """
        if not self._admits():
            stopping.wait(1)
            return False
        message = self._queue.receive(self._hidden_seconds, POLL_SECONDS)
        if message is None:
            return False
        if stopping.is_set():
            self._queue.change_visibility(message, 0)
        elif message.receives > MAX_RECEIVES:
            self._dead_letter(
                message,
                "every attempt ended without a word: look for worker tasks that were killed",
            )
        else:
            self._process(message)
        return True

    def _process(self, message: Received) -> None:
        try:
            self._handle(message)
        except NewerVersionError as error:
            log.warning(
                "event.left_to_newer_version", reason=str(error), message_id=message.message_id
            )
            self._queue.change_visibility(message, NEWER_VERSION_SECONDS)
        except Exception as error:
            kind = kind_of(error)
            if kind is Kind.PERMANENT or message.receives == MAX_RECEIVES:
                self._dead_letter(message, reason_of(error))
                return
            pause = pause_after(error, min(2.0 ** (message.receives - 1), LAST_PAUSE_SECONDS))
            self._queue.change_visibility(message, pause)
            raise

    def _dead_letter(self, message: Received, reason: str) -> None:
        log.error(
            "message.dead_lettered",
            reason=reason,
            attempt=message.receives,
            message_id=message.message_id,
        )
        if self._dead_letters:
            self._dead_letters.send(message, message.message_id, "", reason, message.receives)
        self._queue.delete(message)
