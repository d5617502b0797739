"""The app's public keys, cached so that no request waits for Benchling."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Lock

import httpx
from benchling_sdk.apps.helpers.webhook_helpers import jwks_by_app_definition
from benchling_sdk.errors import BenchlingError
from jwcrypto.common import JWException
from jwcrypto.jwk import JWKSet

# Benchling allows six hours of caching.
MAX_AGE_SECONDS = 6 * 3600.0
# An unknown key is looked up at most this often, whoever sends it.
REFETCH_SECONDS = 60.0
# A failed look-up is repeated no sooner.
RETRY_SECONDS = 1.0
# Benchling waits three seconds for the whole answer.
FETCH_TIMEOUT_SECONDS = 1.0
# A set of keys has a kilobyte or two.
FETCH_BYTES = 256 * 1024
FETCH_ERRORS = (httpx.HTTPError, httpx.InvalidURL, BenchlingError, JWException, ValueError)


class KeysUnavailableError(Exception):
    """There are no keys, and none could be fetched."""


def fetch_jwks(app_definition_id: str, jwks_url: str) -> JWKSet:
    """Return the app definition's keys from the address, or from Benchling if empty."""
    transport = _BoundedTransport(httpx.HTTPTransport())
    with httpx.Client(timeout=FETCH_TIMEOUT_SECONDS, transport=transport) as client:
        provider = (lambda _: jwks_url) if jwks_url else None
        published = jwks_by_app_definition(app_definition_id, client, provider)
    # The SDK takes every key for one of the curve that Benchling signs with.
    keys = JWKSet()
    for key in published:
        shown = key.export_public(as_dict=True) if key.has_public else {}
        if (shown.get("kty"), shown.get("crv")) == ("EC", "P-256"):
            keys.add(key)
    return keys


class _BoundedTransport(httpx.BaseTransport):
    """Ends an answer that comes too slowly; httpx only limits the time between two bytes."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        deadline = time.monotonic() + FETCH_TIMEOUT_SECONDS
        response = self._inner.handle_request(request)
        stream = response.stream
        if isinstance(stream, httpx.SyncByteStream):
            response.stream = _BoundedStream(stream, deadline)
        return response

    def close(self) -> None:
        self._inner.close()


class _BoundedStream(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        for chunk in self._inner:
            read += len(chunk)
            if time.monotonic() > self._deadline or read > FETCH_BYTES:
                raise httpx.ReadTimeout("the keys take too long or are too many")
            yield chunk

    def close(self) -> None:
        self._inner.close()


class KeyProvider:
    """Caches the keys for at most six hours, and fetches them one at a time."""

    def __init__(
        self, fetch: Callable[[], JWKSet], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the way to fetch; nothing is fetched before the first use."""
        self._fetch = fetch
        self._clock = clock
        self._lock = Lock()
        self._keys: JWKSet | None = None
        self._fetched = 0.0
        self._tried = float("-inf")
        # The kind of the last failure: its text may quote what was answered.
        self._failure = "another request is at it"

    def current(self) -> JWKSet:
        """Return keys no older than six hours, or raise KeysUnavailableError."""
        keys = self._fresh()
        if keys is not None:
            return keys
        if self._lock.acquire(timeout=FETCH_TIMEOUT_SECONDS):
            try:
                keys = self._fresh()
                if keys is None and self._clock() - self._tried >= RETRY_SECONDS:
                    keys = self._refetch()
            finally:
                self._lock.release()
        if keys is None:
            raise KeysUnavailableError(f"Benchling's keys can't be fetched ({self._failure})")
        return keys

    def newer_than(self, keys: JWKSet) -> JWKSet | None:
        """Return keys fetched after these ones, or None.

        Asks Benchling at most once a minute, and never makes a second caller
        wait: unsigned requests must not hold up signed ones.
        """
        if not self._lock.acquire(blocking=False):
            return None
        try:
            if self._keys is keys and self._clock() - self._tried >= REFETCH_SECONDS:
                self._refetch()
            return self._keys if self._keys is not keys else None
        finally:
            self._lock.release()

    def _fresh(self) -> JWKSet | None:
        keys = self._keys
        if keys is not None and self._clock() - self._fetched < MAX_AGE_SECONDS:
            return keys
        return None

    def _refetch(self) -> JWKSet | None:
        try:
            keys = self._fetch()
        except FETCH_ERRORS as error:
            self._failure = type(error).__name__
            return None
        finally:
            # From its end on, so that those who waited share the failure.
            self._tried = self._clock()
        self._keys, self._fetched = keys, self._clock()
        return keys
