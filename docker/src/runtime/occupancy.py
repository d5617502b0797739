"""How much of its time a task's places for work are taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Occupancy:
    """Sums up the time of pieces of work, each a ``with`` block of a thread of its own."""

    def __init__(self, places: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Take how many pieces of work there can be at once, and a clock of seconds."""
        self._places = places
        self._clock = clock
        self._lock = threading.Lock()
        self._active = 0
        self._worked = 0.0
        self._summed_at = self._read_at = clock()

    def __enter__(self) -> Self:
        """Take a place."""
        with self._lock:
            self._sum_up()
            self._active += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the place."""
        with self._lock:
            self._sum_up()
            self._active -= 1

    def percent(self) -> float:
        """Return how much of all places' time was taken since the last call, 0 to 100."""
        with self._lock:
            now = self._sum_up()
            whole = (now - self._read_at) * self._places
            worked, self._worked, self._read_at = self._worked, 0.0, now
        return 100 * worked / whole if whole else 0.0

    def _sum_up(self) -> float:
        now = self._clock()
        self._worked += (now - self._summed_at) * self._active
        self._summed_at = now
        return now
