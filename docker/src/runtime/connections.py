"""What a client may hold of the server: connections, memory and threads, for a bounded time.

waitress has a limit for connections and one for those that are silent; a client
that sends a byte now and then is neither. What is overridden here is the class
attributes, constructor arguments and methods that waitress means for it.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import TYPE_CHECKING

import structlog
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from .health import LIVENESS, MAX_BODY_BYTES
from .refusals import Parser, RefusedTask, UnavailableError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# Most of them wait for the queue (batches.WAITING): as many events share its calls. The
# others refuse what comes while the queue is slow.
THREADS = 40
# Above the load balancer's idle time, so that it never reuses a connection
# that is being closed here.
KEEP_ALIVE_SECONDS = 75
# Within these, from its first byte on, a request is here to its last byte, and its
# response is taken. Benchling waits three seconds for all of it.
REQUEST_SECONDS = 10.0
# When all are in use, the one that has dawdled for the longest makes room.
CONNECTIONS = 512
# API Gateway passes about 10 kB.
HEAD_BYTES = 16 * 1024
# Bodies stay in memory, for there is nowhere to write: those of all requests that
# are being read or wait. Benchling's have a few kilobytes.
HELD_BYTES = 64 * 1024 * 1024
# More requests than these can't have their responses within Benchling's three
# seconds; the most expensive takes about ten milliseconds.
WAITING = 256
# What happens to many connections is one line in this time.
LOG_SECONDS = 60.0

log = structlog.get_logger()


class Connection(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that knows since when its client has been dawdling."""

    error_task_class = RefusedTask
    parser_class = Parser
    # Whether a whole request has come.
    has_served = False

    def __init__(self, *args: object, **named: object) -> None:
        """Take what waitress passes; the client's time for its first request begins."""
        super().__init__(*args, **named)
        self._since = time.time()

    def received(self, data: bytes) -> bool:
        """Take what was read of one or more requests."""
        if self.request is None and not self.requests:
            self._since = time.time()
        taken = bool(super().received(data))
        self.server.count_bytes(len(data))
        return taken

    @property
    def is_idle(self) -> bool:
        """Return whether nothing of a request or of a response is under way."""
        return not (self.requests or self.request or self.total_outbufs_len)

    @property
    def held_bytes(self) -> int:
        """Return the size in bytes of what was read of requests without a response."""
        reading = self.request
        pending = [*self.requests, *([reading] if reading else ())]
        return sum(it.header_bytes_received + it.body_bytes_received for it in pending)

    @property
    def deadline(self) -> float:
        """Return when it is to be closed, in seconds since the epoch.

        A request that is all there is the server's to respond to: no deadline then.
        """
        if self.requests:
            return float("inf")
        if self.is_idle and self.has_served:
            return float(self.last_activity) + KEEP_ALIVE_SECONDS
        return self._since + REQUEST_SECONDS


class Server(TcpWSGIServer):  # type: ignore[misc]  # waitress has no types
    """Closes what dawdles: at its deadline, or sooner where others need its place."""

    channel_class = Connection
    # Whether each connection is to be closed after its next response.
    is_stopping = False

    def __init__(self, app: WSGIApplication, host: str, port: int) -> None:
        """Listen; nothing is accepted before the caller runs the loop over ``map``."""
        self.map: dict[int, object] = {}
        self._held = 0
        self._unswept = 0
        self._closed: Counter[str] = Counter()
        self._logged = float("-inf")
        super().__init__(
            app,
            map=self.map,
            dispatcher=Lanes(),
            host=host,
            port=port,
            ident="",
            # Only the reserve: room is made before.
            connection_limit=2 * CONNECTIONS,
            cleanup_interval=1,
            inbuf_overflow=MAX_BODY_BYTES * 2,
            outbuf_overflow=MAX_BODY_BYTES * 2,
            max_request_header_size=HEAD_BYTES,
            max_request_body_size=MAX_BODY_BYTES + 1,
        )

    def add_task(self, connection: Connection) -> None:
        """Have the first request of a connection served."""
        if self.is_stopping:
            # As if the client had asked for it: the response says so, and the load
            # balancer's next request opens a connection to another task.
            connection.requests[0].headers["CONNECTION"] = "close"
        super().add_task(connection)

    def handle_accept(self) -> None:
        """Take a connection, and make room for the next."""
        super().handle_accept()
        if len(self.active_channels) >= CONNECTIONS:
            self._make_room("connections", CONNECTIONS // 20)

    def maintenance(self, now: float) -> None:
        """Close what is past its deadline; waitress calls it once a second."""
        for connection in list(self.active_channels.values()):
            if connection.deadline < now:
                if connection.has_served and connection.is_idle:
                    # Its time is over, and nobody dawdled.
                    connection.handle_close()
                else:
                    self._close(connection, "too_slow")
        self._weigh()
        self._report_closed()

    def count_bytes(self, size: int) -> None:
        """Count what was read; weigh all that is held when it may be too much."""
        self._unswept += size
        if self._held + self._unswept <= HELD_BYTES:
            return
        self._weigh()
        if self._held > HELD_BYTES:
            self._make_room("memory", 1)

    def _weigh(self) -> None:
        self._held = sum(it.held_bytes for it in list(self.active_channels.values()))
        self._unswept = 0

    def _make_room(self, reason: str, number: int) -> None:
        """Close the connections that have dawdled for the longest."""
        waiting = [it for it in self.active_channels.values() if not it.requests]
        if reason == "memory":
            waiting = [it for it in waiting if it.request]
        waiting.sort(key=lambda it: (it.has_served and it.is_idle, it.deadline))
        for connection in waiting[:number]:
            self._close(connection, reason)

    def _close(self, connection: Connection, reason: str) -> None:
        # Not by will_close: a client that takes nothing is never writable again.
        connection.handle_close()
        self._closed[reason] += 1

    def _report_closed(self) -> None:
        now = time.monotonic()
        if self._closed and now - self._logged > LOG_SECONDS:
            log.warning(
                "connections.closed",
                connections=self._closed["connections"],
                memory=self._closed["memory"],
                too_slow=self._closed["too_slow"],
            )
            self._closed.clear()
            self._logged = now


class Lanes:
    """Threads for the app, and one for what waits for no event: health checks and refusals."""

    def __init__(self) -> None:
        """Start the threads.

        waitress warns of each request that waits; how many may is bounded here.
        """
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._app = ThreadedTaskDispatcher()
        self._app.set_thread_count(THREADS)
        self._quick = ThreadedTaskDispatcher()
        self._quick.set_thread_count(1)

    def add_task(self, connection: Connection) -> None:
        """Have the first request of a connection served."""
        connection.has_served = True
        request = connection.requests[0]
        if request.error is None and request.path not in LIVENESS:
            if len(self._app.queue) < WAITING:
                self._app.add_task(connection)
                return
            request.error = UnavailableError("try again later")
        self._quick.add_task(connection)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> None:
        """End the threads within some seconds."""
        for lane in (self._app, self._quick):
            lane.shutdown(cancel_pending, timeout / 2)
