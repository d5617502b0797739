"""What each task says of itself every minute: whether it is ready, and what it did."""

from __future__ import annotations

from collections.abc import Callable

from .background import run_every
from .logs import lines_written
from .metrics import Metrics

PERIOD_SECONDS = 60.0


class Heartbeat:
    """Writes the metrics that alarms on a service's tasks look at."""

    def __init__(
        self,
        metrics: Metrics,
        problems: Callable[[], list[str]],
        busy_percent: Callable[[], float] = float,
    ) -> None:
        """Take where to write, what says why the task isn't ready, and how busy it was.

        Both raise nothing.
        """
        self._metrics = metrics
        self._problems = problems
        self._busy_percent = busy_percent
        self._reported = 0

    def watch(self) -> None:
        """Begin, in a thread of its own that ends with the process."""
        run_every("heartbeat", PERIOD_SECONDS, self.beat)

    def beat(self) -> None:
        """Write the metrics once.

        ``LogLines`` counts the lines since the last time, so that they can be compared
        with those that reached CloudWatch: a log driver whose buffer is full drops some.
        """
        not_ready = bool(self._problems())
        written = lines_written()
        self._metrics.put_of_task({"NotReady": not_ready, "LogLines": written - self._reported})
        self._reported = written
        # An idle task writes none: a metric costs by the hours in which it is written.
        busy = self._busy_percent()
        if busy:
            self._metrics.put("WorkerBusy", busy, "Percent")
        self._metrics.put_counts()
