"""The production WSGI server, which drains on SIGTERM."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

import structlog
from waitress import wasyncore

from .connections import Server
from .logs import always

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# A thread that comes back from the network waits this long for one that
# computes. With Python's own 5 ms, a flood of bad signatures holds up good ones.
SWITCH_SECONDS = 0.0005
# A request whose last byte isn't here this long after SIGTERM is nobody's to wait for.
ARRIVING_SECONDS = 0.5
# Between the last response and SIGKILL.
MARGIN_SECONDS = 1.0

log = structlog.get_logger()


@dataclass(frozen=True)
class StopTimes:
    """The times of a stop, in seconds after the signal."""

    # When SIGKILL follows.
    timeout_seconds: float
    # Until when new connections are taken after SIGTERM; SIGINT never waits. When
    # somebody stops a task, ECS sends SIGTERM while the load balancer still sends it
    # requests, for some seconds.
    # Source: aws/containers-roadmap, issue 708.
    delay_seconds: float = 0


def stay_on_one_cpu() -> None:
    """Keep the threads that are started from now on together on one of the machine's CPUs.

    The interpreter runs one of them at a time. To hand over to a thread on
    another CPU takes longer than most of what a thread does for an event.
    """
    os.sched_setaffinity(0, {secrets.choice(sorted(os.sched_getaffinity(0)))})


def serve(
    app: WSGIApplication,
    port: int,
    stop: StopTimes,
    host: str = "0.0.0.0",  # noqa: S104
    listening: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT, then serve what has come in, and return.

    ``listening`` is called once, when connections are taken.
    """
    server = Server(app, host, port)
    received = 0

    def on_signal(number: int, _frame: FrameType | None) -> None:
        # Nothing that takes a lock: the thread that it interrupts may hold it.
        nonlocal received
        received = number
        server.pull_trigger()

    sys.setswitchinterval(SWITCH_SECONDS)
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    # Gate QG-2 waits for this text.
    running = f"Running on http://{host}:{server.effective_port}"
    always().info("service.started", message=running)
    listening()
    while not received:
        wasyncore.loop(timeout=1, map=server.map, use_poll=True, count=1)
    began = time.monotonic()
    server.is_stopping = True
    delay = stop.delay_seconds if received == signal.SIGTERM else 0
    log.info("service.drain_started", signal=signal.Signals(received).name, delay_seconds=delay)
    while received == signal.SIGTERM and (left := began + delay - time.monotonic()) > 0:
        wasyncore.loop(timeout=min(left, 1), map=server.map, use_poll=True, count=1)
    _drain(server, began + max(stop.timeout_seconds - MARGIN_SECONDS, 1))
    log.info("service.stopped")


def _drain(server: Server, deadline: float) -> None:
    """Take no new connection; return when every request that is here has its response."""
    wasyncore.dispatcher.close(server)
    # What waits in the sockets is read in the first round, so look after it.
    wasyncore.loop(timeout=0, map=server.map, use_poll=True, count=1)
    arriving = time.monotonic() + ARRIVING_SECONDS
    while (now := time.monotonic()) < deadline and any(
        it.requests or it.total_outbufs_len or (it.request and now < arriving)
        for it in list(server.active_channels.values())
    ):
        wasyncore.loop(timeout=0.05, map=server.map, use_poll=True, count=1)
    server.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
    wasyncore.close_all(server.map)
