"""The production WSGI server, which drains on SIGTERM."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

import structlog
from waitress import create_server, wasyncore
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask

from .logs import always

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# Most of them wait for the queue: as many events share its calls.
THREADS = 32
# Above the load balancer's idle time, so that it never reuses a connection
# that is being closed here.
KEEP_ALIVE_SECONDS = 75
# Bodies stay in memory, for there is nowhere to write. What is larger gets 413
# before it is read; the app's own limit is lower.
MEMORY_LIMIT = 2 * 1024 * 1024
# A thread that comes back from the network waits this long for one that
# computes. With Python's own 5 ms, a flood of bad signatures holds up good ones.
SWITCH_SECONDS = 0.0005
# Between the last answer and SIGKILL.
MARGIN_SECONDS = 1.0

log = structlog.get_logger()


class _RefusedTask(ErrorTask):  # type: ignore[misc]  # waitress has no types
    """The answer to what never reaches the app, in the app's words."""

    def execute(self) -> None:
        fault = self.request.error
        body = json.dumps(
            {"error": fault.reason.lower().replace(" ", "_"), "message": fault.body}
        ).encode()
        self.status = f"{fault.code} {fault.reason}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.content_length = len(body)
        self.set_close_on_finish()
        self.write(body)


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection whose refusals are JSON, too."""

    error_task_class = _RefusedTask


def stay_on_one_cpu() -> None:
    """Keep the threads that are started from now on together on one of the machine's CPUs.

    The interpreter runs one of them at a time. To hand over to a thread on
    another CPU takes longer than most of what a thread does for an event.
    """
    os.sched_setaffinity(0, {secrets.choice(sorted(os.sched_getaffinity(0)))})


def serve(
    app: WSGIApplication,
    port: int,
    stop_timeout_seconds: float,
    host: str = "0.0.0.0",  # noqa: S104
    listening: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT, then answer what has come in, and return.

    ``listening`` is called once, when connections are taken.
    """
    server = create_server(
        app,
        host=host,
        port=port,
        threads=THREADS,
        channel_timeout=KEEP_ALIVE_SECONDS,
        ident="",
        inbuf_overflow=MEMORY_LIMIT * 2,
        outbuf_overflow=MEMORY_LIMIT * 2,
        max_request_body_size=MEMORY_LIMIT,
    )
    server.channel_class = _Channel
    received = 0

    def stop(number: int, _frame: FrameType | None) -> None:
        # Nothing that takes a lock: the thread that it interrupts may hold it.
        nonlocal received
        received = number
        server.pull_trigger()

    sys.setswitchinterval(SWITCH_SECONDS)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    always().info("Running on http://%s:%s", host, server.effective_port)
    listening()
    while not received:
        wasyncore.loop(timeout=1, map=server._map, use_poll=True, count=1)
    log.info("draining", signal=signal.Signals(received).name)
    _drain(server, time.monotonic() + max(stop_timeout_seconds - MARGIN_SECONDS, 1))
    log.info("stopped")


def _drain(server: TcpWSGIServer, deadline: float) -> None:
    """Take no new connection; return when every request has its answer."""
    wasyncore.dispatcher.close(server)
    # What waits in the sockets is read in the first round, so look after it.
    wasyncore.loop(timeout=0, map=server._map, use_poll=True, count=1)
    while time.monotonic() < deadline and any(map(_busy, server.active_channels.values())):
        wasyncore.loop(timeout=0.05, map=server._map, use_poll=True, count=1)
    server.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
    server.trigger.close()


def _busy(channel: HTTPChannel) -> bool:
    """Return whether a request is being read, worked on or answered."""
    return bool(channel.requests or channel.request or channel.total_outbufs_len)
