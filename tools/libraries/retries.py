"""httpx-retries beside the service's own retry transport: four scenarios, one server that is scripted."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import httpx
import httpx_retries
import retries_adapter
from own_code import code_lines, lines_of, lines_that_stay, module

own = module("retry_transport")
CONSTANTS = (
    "RETRYABLE_STATUSES",
    "CALL_SECONDS",
    "MAX_RESPONSE_BYTES",
    "FRAMING",
    "MAX_RETRY_AFTER_SECONDS",
    "MAX_WAIT_SECONDS",
    "FIRST_WAIT_SECONDS",
)


class Breaking(httpx.SyncByteStream):
    """A body that breaks off."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"{"
        raise httpx.ReadError("broken off")


class Server(httpx.BaseTransport):
    """Answers as the script says, then 200."""

    def __init__(self, *script: Callable[[], httpx.Response]) -> None:
        self.script = list(script)
        self.asked: list[float] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(time.monotonic())
        return self.script.pop(0)() if self.script else httpx.Response(200, content=b"{}")


def plain(inner: httpx.BaseTransport, wait: Callable[[float], bool]) -> httpx.BaseTransport:
    """Return the library's transport, configured as near as its parameters come."""
    return httpx_retries.RetryTransport(
        inner, httpx_retries.Retry(total=100, backoff_factor=0.5, total_timeout=own.MAX_WAIT_SECONDS)
    )


def of_ours(inner: httpx.BaseTransport, wait: Callable[[float], bool]) -> httpx.BaseTransport:
    """Return the service's transport."""
    return own.RetryTransport(inner, wait, own.MAX_WAIT_SECONDS, whole=True)


Make = Callable[[httpx.BaseTransport, Callable[[float], bool]], httpx.BaseTransport]


def busy(seconds: str) -> Callable[[], httpx.Response]:
    """Return a 503 that asks for a wait."""
    return lambda: httpx.Response(503, headers={"retry-after": seconds})


def outcome(make: Make, server: Server, wait: Callable[[float], bool]) -> str:
    """Return what a client gets."""
    with httpx.Client(transport=make(server, wait)) as client:
        try:
            return str(client.get("http://server.test/").status_code)
        except (httpx.HTTPError, own.UnavailableError) as error:
            return type(error).__name__


def stopped_after(make: Make) -> float:
    """Return how many milliseconds after a stop the wait ends; the server asks for two seconds."""
    stop, stopped_at = threading.Event(), []
    threading.Timer(0.2, lambda: (stopped_at.append(time.monotonic()), stop.set())).start()
    outcome(make, Server(busy("2")), stop.wait)
    return (time.monotonic() - stopped_at[0]) * 1000


def asked_too_soon(make: Make) -> str:
    """Return after how much waiting a server is asked again that wanted an hour."""
    waited: list[float] = []
    server = Server(busy("3600"))
    with mock.patch.object(httpx_retries.retry.time, "sleep", waited.append):
        outcome(make, server, lambda seconds: bool(waited.append(seconds)))
    return f"after {sum(waited):.0f} s" if len(server.asked) > 1 else "no"


def broken(make: Make) -> str:
    """Return what comes of a body that breaks off once, and of how many requests."""
    server = Server(lambda: httpx.Response(200, stream=Breaking()))
    with mock.patch.object(httpx_retries.retry.time, "sleep"):
        seen = outcome(make, server, lambda _: False)
    return f"{seen}, {len(server.asked)} requests"


def main() -> None:
    """Print the rows: what, the service's own, the library as it is, and adapted."""
    rows = []
    for what, measure in (
        ("milliseconds from a stop to the end of the wait", stopped_after),
        ("asked again although Retry-After says an hour", asked_too_soon),
        ("a body that breaks off once", broken),
    ):
        rows.append([what, measure(of_ours), measure(plain)])
        rows.append([f"{what}, with an adapter", measure(of_ours), measure(retries_adapter.adapted)])
    # What an adapter needs of the own module: the header, the limit of a body, the errors and figures.
    stays = lines_that_stay("retry_transport", "retry_after", "_all_of", "UnavailableError", "_target", *CONSTANTS)
    adapter = code_lines(Path(retries_adapter.__file__).read_text()) + stays
    rows.append(["lines of code, the adapter's in place of the own", lines_of("retry_transport"), adapter])
    print(json.dumps(rows))


main()
