"""Lines that repeat: each is reported once a minute, with how often it came since."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from threading import Lock

PERIOD_SECONDS = 60.0
# Kinds of lines that are counted at once; what was reported longest ago makes room.
KINDS = 100


@dataclass(frozen=True)
class Repeated:
    """A library's line, and how often it came unreported."""

    level: str
    logger: str
    event: str
    repeated: int = 0


class Repeats:
    """Counts the lines that were reported within a minute.

    A count is reported with the kind's next line after the minute, or with the next
    line of any kind, for ``due`` is asked with each; ``rest`` is what the
    process's end leaves. So there is no need for a thread.
    """

    def __init__(
        self, period: float = PERIOD_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the seconds between two lines of a kind."""
        self._period = period
        self._clock = clock
        self._lock = Lock()
        # When a line of the kind was reported, and the last one that wasn't; oldest first.
        self._reported: OrderedDict[Hashable, tuple[float, Repeated]] = OrderedDict()
        self._left: list[Repeated] = []

    def report(self, kind: Hashable, line: Repeated) -> Repeated | None:
        """Return the line with the count of those before it, or None if it is only counted."""
        now = self._clock()
        with self._lock:
            began, last = self._reported.get(kind, (now, line))
            if kind in self._reported and now - began < self._period:
                self._reported[kind] = began, replace(line, repeated=last.repeated + 1)
                return None
            self._reported.pop(kind, None)
            if len(self._reported) >= KINDS:
                _, (_, oldest) = self._reported.popitem(last=False)
                self._left.append(oldest)
            self._reported[kind] = now, line
            return replace(line, repeated=last.repeated)

    def due(self) -> list[Repeated]:
        """Return what came unreported in minutes that are over."""
        now = self._clock()
        with self._lock:
            due, self._left = self._left, []
            while self._reported:
                kind, (began, last) = next(iter(self._reported.items()))
                if now - began < self._period:
                    break
                del self._reported[kind]
                if last.repeated:
                    due.append(last)
                    # That is this minute's line.
                    self._reported[kind] = now, replace(last, repeated=0)
            return [it for it in due if it.repeated]

    def rest(self) -> list[Repeated]:
        """Return all that is unreported, and forget it."""
        with self._lock:
            rest = self._left + [last for _, last in self._reported.values()]
            self._left = []
            self._reported.clear()
            return [it for it in rest if it.repeated]
