"""The worker's threads, of which each processes one message at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

import structlog

from ..runtime.errors import Kind
from .consumer import Consumer
from .failures import kind_of, reason_of

# Of the stop's time, this is for giving back what couldn't be finished.
GIVE_BACK_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 1.0
LAST_PAUSE_SECONDS = 30.0

log = structlog.get_logger()


class Worker:
    """Threads that each process one message at a time."""

    def __init__(self, consumers: Iterable[Consumer], give_back: threading.Event) -> None:
        """Take a consumer for each thread; none runs before ``start``.

        ``give_back`` is set when what is in work must go back.
        """
        self._give_back = give_back
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(it,), name=f"worker-{number}", daemon=True)
            for number, it in enumerate(consumers)
        ]

    def start(self) -> None:
        """Begin to receive."""
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> bool:
        """Receive nothing more; finish what can be finished, and give back the rest.

        Returns whether every thread ended within the seconds.
        """
        deadline = time.monotonic() + seconds
        self._stopping.set()
        self._join(deadline - min(GIVE_BACK_SECONDS, seconds / 2))
        self._give_back.set()
        self._join(deadline)
        return not any(thread.is_alive() for thread in self._threads)

    def _join(self, deadline: float) -> None:
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0))

    def _run(self, consumer: Consumer) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            try:
                consumer.poll(self._stopping)
            except Exception as error:
                ours = kind_of(error) is Kind.OURS
                log.error("worker.poll_failed", reason=reason_of(error), exc_info=ours)
                self._stopping.wait(pause)
                pause = min(pause * 2, LAST_PAUSE_SECONDS)
            else:
                pause = FIRST_PAUSE_SECONDS
