"""What httpx-retries needs to keep the service's promises: a module in place of the own one."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import httpx_retries
from own_code import module

own, limits = module("retry_transport"), module("time_limits")


class Stoppable(httpx_retries.Retry):
    """Waits by a function that a stop interrupts, and gives up at the end of its time.

    The library makes a new object of the class for each try, by its own parameters
    alone: what is ours has to belong to a class, made for each transport.
    """

    wait: Callable[[float], bool]

    def sleep(self, response: httpx.Response | Exception) -> None:
        """Wait for what the server asks for, or longer."""
        headers = response.headers if isinstance(response, httpx.Response) else {}
        asked = own.retry_after(headers.get("retry-after", ""), time.time())
        pause = max(asked, self.backoff_strategy())
        if self.elapsed_sleep + pause > own.MAX_WAIT_SECONDS or type(self).wait(pause):
            fault = response.status_code if isinstance(response, httpx.Response) else type(response).__name__
            raise own.UnavailableError(f"{fault} from the server", asked)
        self.elapsed_sleep += pause


class Whole(httpx.BaseTransport):
    """Reads each response to its end, within the time of a call."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        """Take the transport."""
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response, read."""
        try:
            with limits.time_limit(own.CALL_SECONDS, "a call"):
                response = self._inner.handle_request(request)
                try:
                    content = own._all_of(response.iter_bytes())
                finally:
                    response.close()
        except limits.TimeLimitError:
            # An outer limit is the end of more than this call.
            limits.check_time()
            raise
        headers = [it for it in response.headers.multi_items() if it[0] not in own.FRAMING]
        return httpx.Response(response.status_code, headers=headers, content=content)


def adapted(inner: httpx.BaseTransport, wait: Callable[[float], bool]) -> httpx.BaseTransport:
    """Return a transport of the library that keeps the service's promises."""
    retry = type("Waits", (Stoppable,), {"wait": staticmethod(wait)})(
        # So that the time is the limit, not the count.
        total=1000,
        backoff_factor=own.FIRST_WAIT_SECONDS,
        backoff_jitter=0.5,
        allowed_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
        status_forcelist=own.RETRYABLE_STATUSES,
        retry_on_exceptions=(httpx.TransportError, httpx.DecodingError, limits.TimeLimitError),
    )
    return httpx_retries.RetryTransport(Whole(inner), retry)
