"""Keeping an event for as long as it is worked on, and no longer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

import structlog

from .claims import LostClaimError

log = structlog.get_logger()


class GiveBackError(Exception):
    """The worker stops, and the event goes back into the queue."""


class Lease:
    """Renews what keeps an event, every third of its time, while in the context."""

    def __init__(
        self, renew: Callable[[], None], seconds: float, give_back: threading.Event
    ) -> None:
        """Take what renews, and the event that is set when the worker must stop."""
        self._renew = renew
        self._seconds = seconds
        self._give_back = give_back
        self._ended = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Lease:
        """Start the heartbeat."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the heartbeat; none comes after it."""
        self._ended.set()
        self._thread.join()

    def check(self) -> None:
        """Raise if the event isn't this worker's any more, or must go back."""
        if self._lost:
            raise LostClaimError("no heartbeat within the lease")
        if self._give_back.is_set():
            raise GiveBackError

    def _beat(self) -> None:
        renewed = time.monotonic()
        while not self._ended.wait(self._seconds / 3):
            began = time.monotonic()
            try:
                self._renew()
            except LostClaimError:
                self._lost = True
                return
            except Exception as error:  # noqa: BLE001 - the lease decides, not the kind of fault
                log.warning("claim.renewal_failed", reason=type(error).__name__)
                if time.monotonic() - renewed > self._seconds:
                    self._lost = True
                    return
            else:
                renewed = began
