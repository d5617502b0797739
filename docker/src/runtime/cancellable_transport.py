"""Connections whose reads end when the work must: at a time limit, or when the worker stops."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import httpcore
import httpx

# A blocked read looks this often whether it should go on.
SLICE_SECONDS = 0.5


@cache
def tls_context() -> ssl.SSLContext:
    """Return the one context of all connections: to load its certificates takes long."""
    return httpx.create_ssl_context()


class CancellableTransport(httpx.HTTPTransport):
    """Sends requests; ``check`` raises in the middle of a read when the work must end."""

    def __init__(self, check: Callable[[], None]) -> None:
        """Take the check."""
        super().__init__(verify=tls_context())
        # httpx has no parameter for what its own library documents as one.
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls_context(),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=_CancellableBackend(check),
        )


class _CancellableBackend(httpcore.NetworkBackend):
    def __init__(self, check: Callable[[], None]) -> None:
        self._inner = httpcore.SyncBackend()
        self._check = check

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        self._check()
        stream = self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        return _CancellableStream(stream, self._check)


class _CancellableStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, check: Callable[[], None]) -> None:
        self._inner = inner
        self._check = check

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        ends = time.monotonic() + (timeout if timeout is not None else float("inf"))
        while True:
            self._check()
            left = ends - time.monotonic()
            try:
                return self._inner.read(max_bytes, min(max(left, 0.001), SLICE_SECONDS))
            except httpcore.ReadTimeout:
                if left <= SLICE_SECONDS:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, timeout)
        return _CancellableStream(inner, self._check)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's own type
        return self._inner.get_extra_info(info)
