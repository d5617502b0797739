"""Waiting as a busy server asks: for Benchling's 429 and 5xx, and broken connections."""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Callable

import httpx

# The statuses that a server answers when the same request may succeed later.
BUSY = frozenset({429, 500, 502, 503, 504})
# How long one request may wait in all. What takes longer becomes a later try,
# so that a worker's slot isn't held by a server that is down.
PATIENCE_SECONDS = 30.0
FIRST_WAIT_SECONDS = 0.5


class UnavailableError(Exception):
    """The server stayed busy or away; ``retry_after`` is what it asked for, in seconds."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        """Take the reason, which never quotes more of the request than its path."""
        super().__init__(reason)
        self.retry_after = retry_after


class PatientTransport(httpx.BaseTransport):
    """Repeats what a busy server refused, no sooner than its Retry-After says.

    The SDK's own strategy doesn't look at Retry-After.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        wait: Callable[[float], bool],
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the transport and a wait that returns True when the worker must stop."""
        self._inner = inner
        self._wait = wait
        self._patience = patience_seconds
        self._clock = clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer, or raise UnavailableError when patience is at its end."""
        deadline = self._clock() + self._patience
        backoff = FIRST_WAIT_SECONDS
        while True:
            asked = 0.0
            try:
                response = self._inner.handle_request(request)
            except httpx.TransportError as error:
                fault = type(error).__name__
            else:
                if response.status_code not in BUSY:
                    return response
                fault = str(response.status_code)
                asked = retry_after(response.headers.get("retry-after", ""), time.time())
                response.close()
            pause = max(asked, backoff * random.uniform(0.5, 1))  # noqa: S311 - no secret
            if self._clock() + pause > deadline or self._wait(pause):
                raise UnavailableError(f"{fault} from {_target(request)}", asked)
            backoff *= 2

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def retry_after(header: str, now: float) -> float:
    """Return the seconds that a Retry-After header asks for: a number, or a date."""
    if header.isascii() and header.strip().isdigit():
        return float(header)
    try:
        return max(email.utils.parsedate_to_datetime(header).timestamp() - now, 0.0)
    except (ValueError, OverflowError):
        return 0.0


def _target(request: httpx.Request) -> str:
    # A download's query is its signature.
    return f"{request.method} {request.url.host}{request.url.path}"[:200]
