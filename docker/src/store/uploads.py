"""Several uploads of a package at once, beside the unpacking, in bounded memory."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

import structlog
from botocore.exceptions import BotoCoreError, ClientError

# The smallest part that S3 takes, and the largest file that goes in one request. S3's
# limit of 10,000 parts is then 48 GiB.
# Source: the user guide of S3, "Amazon S3 multipart upload limits".
PART_BYTES = 5 * 1024**2
# Requests under way for one package. docs/decisions/0017 has the figures.
UPLOADS_AT_ONCE = 4
# What those and the waiting ones may hold; one more part is being unpacked.
WAITING_BYTES = 2 * PART_BYTES
# How often a full buffer looks whether the work must end.
CHECK_SECONDS = 0.25

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger()


class Uploads:
    """Threads for the requests of one package, as a context.

    Requests begin in the order in which they are submitted, so that one may wait for
    the result of an earlier one. At the context's end all have ended: those that wait
    when it ends with an error are never made. What was never finished is undone.
    """

    def __init__(self, check: Callable[[], None]) -> None:
        """Take a check that raises when the work must end; no thread starts yet."""
        self._check = check
        self._threads = ThreadPoolExecutor(UPLOADS_AT_ONCE, "upload")
        self._changed = threading.Condition()
        self._held_bytes = 0
        self._error: BaseException | None = None
        self._undo: dict[object, Callable[[], object]] = {}

    def submit(
        self, size: int, work: Callable[P, T], *args: P.args, **named: P.kwargs
    ) -> Future[T]:
        """Have work done that holds so many bytes; wait while others hold too many.

        Raises the error of an earlier request: nothing is gained by more of them. The
        work has the caller's context, and with that its time limits.
        """
        with self._changed:
            while self._held_bytes and self._held_bytes + size > WAITING_BYTES:
                self._raise_error()
                self._changed.wait(CHECK_SECONDS)
                self._check()
            self._raise_error()
            self._held_bytes += size
        context = copy_context()

        def run() -> T:
            try:
                return context.run(work, *args, **named)
            except BaseException as error:
                self._error = self._error or error
                raise
            finally:
                with self._changed:
                    self._held_bytes -= size
                    self._changed.notify()

        return self._threads.submit(run)

    def undo_later(self, upload: object, undo: Callable[[], object]) -> None:
        """Have an upload undone when the context ends, unless it is finished by then."""
        self._undo[upload] = undo

    def finished(self, upload: object) -> None:
        """Leave an upload as it is."""
        del self._undo[upload]

    def __enter__(self) -> Self:
        """Return the uploads."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for what is under way, then undo what isn't finished."""
        self._threads.shutdown(wait=True, cancel_futures=kind is not None)
        for undo in self._undo.values():
            try:
                undo()
            except (BotoCoreError, ClientError) as failed:
                log.warning("upload.abort_failed", reason=type(failed).__name__)

    def _raise_error(self) -> None:
        if self._error:
            raise self._error
