"""Receiving from a queue, one message at a time, until the worker stops."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from .archive import ArchiveError
from .benchling import NotebookError
from .download import DownloadError
from .package_store import StoreError
from .patience import UnavailableError
from .queues import printable

if TYPE_CHECKING:
    from .queues import Queue, Received

POLL_SECONDS = 5
# Errors whose text is written for the operator and quotes no secret.
OPERATOR_ERRORS = (ArchiveError, DownloadError, NotebookError, StoreError, UnavailableError)

log = structlog.get_logger()


class Process(Protocol):
    """What is done with a message: it is deleted, hidden or left when this returns."""

    def __call__(self, message: Received, /) -> None:
        """Do it."""


class Consumer:
    """Receives messages one by one, and has each processed."""

    def __init__(self, queue: Queue, process: Process, hidden_seconds: float) -> None:
        """Take the queue, what is done, and how long a message is hidden meanwhile."""
        self._queue = queue
        self._process = process
        self._hidden_seconds = hidden_seconds

    def poll(self, stopping: threading.Event) -> bool:
        """Wait some seconds for a message and process it; return whether one came.

        What AWS refuses is raised: then the message comes again when it is no
        longer hidden.
        """
        message = self._queue.receive(self._hidden_seconds, POLL_SECONDS)
        if message is None:
            return False
        if stopping.is_set():
            self._queue.hide(message, 0)
        else:
            self._process(message)
        return True


def is_operator_error(error: Exception) -> bool:
    """Return whether an error is expected, so that a trace tells nothing more."""
    return isinstance(error, (*OPERATOR_ERRORS, ClientError, BotoCoreError))


def reason_of(error: Exception) -> str:
    """Return why something failed, for the operator: no part of a request's secrets."""
    if isinstance(error, OPERATOR_ERRORS):
        text = str(error)
    elif isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "an error")
        text = f"{error.operation_name} answered {code}"
    elif isinstance(error, BotoCoreError):
        text = type(error).__name__
    else:
        text = f"{type(error).__name__}: a fault of the worker; its log has the trace"
    return printable(text)
