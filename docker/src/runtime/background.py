"""Threads beside the requests: the process ends if one of them does."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from threading import Thread

import structlog

log = structlog.get_logger()

# sysexits.h: an internal error.
EX_SOFTWARE = 70


def run_every(
    name: str, seconds: float, work: Callable[[], object], *, at_once: bool = False
) -> None:
    """Start a thread that does work again and again, with some seconds in between.

    The first time is after these seconds, or at once.
    """

    def repeat() -> None:
        if at_once:
            work()
        while True:
            time.sleep(seconds)
            work()

    run_in_background(name, repeat)


def run_in_background(name: str, work: Callable[[], None]) -> None:
    """Start a thread for work that goes on for as long as the process.

    Whatever ends the work is a fault that nobody foresaw: it is logged, and the
    process exits, for a service that lacks a part of itself would refuse every
    event and pass for healthy. ECS starts another task.
    """

    def run() -> None:
        try:
            work()
        except BaseException:
            log.critical("thread.ended", thread=name, exc_info=True)
        else:
            log.critical("thread.ended", thread=name)
        os._exit(EX_SOFTWARE)

    Thread(target=run, name=name, daemon=True).start()
