"""Retries requests, honouring Retry-After: for Benchling's 429 and 5xx, and broken connections."""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Callable, Iterable
from contextlib import closing

import httpx

from ..runtime.errors import TransientError
from ..runtime.time_limits import TimeLimitError, check_time, time_limit

# The statuses after which the same request may succeed later.
RETRYABLE_STATUSES = frozenset({429, 500, 502, 503, 504})
# How long one request may take, from the connection to the head of its response, or
# to its last byte where it is read whole. An entry of some megabytes takes seconds.
CALL_SECONDS = 60.0
# No response of the API comes near; unpacked, and as JSON it takes some twenty times as
# much memory.
MAX_RESPONSE_BYTES = 16 * 1024**2
# Headers that say how a body comes, and aren't true of one that was read.
FRAMING = frozenset({"content-encoding", "content-length", "transfer-encoding"})
# What a server may ask for: longer than that is a mistake.
MAX_RETRY_AFTER_SECONDS = 3600.0
# How long one request may wait in all. What takes longer becomes a later attempt,
# so that a worker's slot isn't held by a server that is down.
MAX_WAIT_SECONDS = 30.0
FIRST_WAIT_SECONDS = 0.5


class UnavailableError(TransientError):
    """The server stayed busy or away; ``retry_after`` is what it asked for, in seconds."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        """Take the reason, which never quotes more of the request than its path."""
        super().__init__(reason)
        self.retry_after = retry_after


class RetryTransport(httpx.BaseTransport):
    """Retries requests that a busy server refused, honouring Retry-After.

    The SDK's own strategy doesn't look at Retry-After.
    """

    def __init__(  # noqa: PLR0913 - all but two have a default
        self,
        inner: httpx.BaseTransport,
        wait: Callable[[float], bool],
        max_wait_seconds: float = MAX_WAIT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        *,
        whole: bool = False,
        call_seconds: float = CALL_SECONDS,
        retried: Callable[[], None] = lambda: None,
    ) -> None:
        """Take the transport and a wait that returns True when the worker must stop.

        With ``whole``, responses are read to their end here, so that one that breaks
        off is asked for again, too. ``retried`` is called before each request but the first.
        """
        self._inner = inner
        self._wait = wait
        self._max_wait_seconds = max_wait_seconds
        self._clock = clock
        self._whole = whole
        self._call_seconds = call_seconds
        self._retried = retried

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response, or raise UnavailableError when the time for waiting is over."""
        deadline = self._clock() + self._max_wait_seconds
        backoff = FIRST_WAIT_SECONDS
        while True:
            asked = 0.0
            try:
                with time_limit(self._call_seconds, "a call"):
                    response = self._ask(request)
            except (httpx.TransportError, httpx.DecodingError, TimeLimitError) as error:
                # An outer limit is the end of more than this call.
                check_time()
                fault = type(error).__name__
            else:
                if response.status_code not in RETRYABLE_STATUSES:
                    return response
                fault = str(response.status_code)
                asked = retry_after(response.headers.get("retry-after", ""), time.time())
                response.close()
            pause = max(asked, backoff * random.uniform(0.5, 1))  # noqa: S311 - no secret
            if self._clock() + pause > deadline or self._wait(pause):
                raise UnavailableError(f"{fault} from {_target(request)}", asked)
            backoff *= 2
            self._retried()

    def _ask(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        if not self._whole:
            return response
        with closing(response):
            return httpx.Response(
                response.status_code,
                headers=[it for it in response.headers.multi_items() if it[0] not in FRAMING],
                content=_all_of(response.iter_bytes()),
            )

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def retry_after(header: str, now: float) -> float:
    """Return the seconds that a Retry-After header asks for: a number, or a date."""
    if header.isascii() and header.strip().isdigit():
        # A float of 400 digits is infinite, and so bounded, too.
        return min(float(header), MAX_RETRY_AFTER_SECONDS)
    try:
        seconds = email.utils.parsedate_to_datetime(header).timestamp() - now
    # TypeError and IndexError: what the library makes of odd dates.
    except (ValueError, OverflowError, TypeError, IndexError):
        return 0.0
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


def _all_of(pieces: Iterable[bytes]) -> bytes:
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > MAX_RESPONSE_BYTES:
            raise httpx.RemoteProtocolError("the response is too large")
    return bytes(content)


def _target(request: httpx.Request) -> str:
    # A download's query is its signature.
    return f"{request.method} {request.url.host}{request.url.path}"[:200]
