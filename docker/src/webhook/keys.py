"""The app's public keys: fetched in the background, so that no request waits for Benchling."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from threading import Condition
from typing import Any

import httpx
import structlog
from benchling_sdk.apps.helpers.webhook_helpers import jwks_by_app_definition
from benchling_sdk.errors import BenchlingError
from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto.common import JWException
from jwcrypto.jwk import JWK, JWKSet

from ..runtime.background import run_in_background
from ..runtime.cancellable_transport import CancellableTransport
from ..runtime.secret import NAME
from ..runtime.time_limits import TimeLimitError, check_time, time_limit
from .verification import VerifyingKey

# Benchling allows six hours of caching: so long an outage of its is nobody's concern.
MAX_AGE_SECONDS = 6 * 3600.0
REFRESH_SECONDS = 3600.0
# A failed fetch is repeated after these.
FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 60.0
# A key that isn't known is looked for at most this often, whoever sends it.
LOOK_SECONDS = 60.0
# A request waits no longer for keys: Benchling waits three seconds for its response.
WAIT_SECONDS = 1.0
# The whole fetch, to the last byte; a set of keys has a kilobyte or two.
FETCH_SECONDS = 10.0
FETCH_BYTES = 256 * 1024
# Benchling publishes few; each costs work for whoever sends a signature.
MAX_KEYS = 8
MAX_SHOWN = 64
FETCH_ERRORS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    BenchlingError,
    JWException,
    RecursionError,
    TimeLimitError,
    ValueError,
)

Keys = tuple[VerifyingKey, ...]

log = structlog.get_logger()


class KeysUnavailableError(Exception):
    """There are no keys that may be used."""


def fetch_keys(app_definition_id: str, jwks_url: str) -> Keys:
    """Return the app definition's usable keys from the URL, or from Benchling if empty.

    Raises one of FETCH_ERRORS.
    """
    provider = (lambda _: jwks_url) if jwks_url else None
    # The SDK knows Benchling's URL, and refuses a set for one bad key: so it gets
    # what is left of the published set.
    with (
        time_limit(FETCH_SECONDS, "fetching the keys"),
        httpx.Client(timeout=FETCH_SECONDS, transport=_UsableKeys()) as client,
    ):
        return verifying_keys(jwks_by_app_definition(app_definition_id, client, provider))


def fetched(fetch: Callable[[], Keys]) -> tuple[Keys, str]:
    """Return keys, or the kind of the failure. Nothing is raised."""
    try:
        keys = fetch()
    except FETCH_ERRORS as error:
        return (), type(error).__name__
    except Exception as error:
        # What nobody foresaw in a response must not end the process.
        log.exception("keys.fetch_crashed", reason=type(error).__name__)
        return (), type(error).__name__
    return keys, "" if keys else "none of them can be used"


def keys_fault(failure: str) -> str:
    """Return the fault and the remedy of a failure to fetch keys."""
    return (
        f"Benchling's keys can't be fetched ({failure}): look at app_definition_id,"
        " at Benchling's status, and whether the task reaches the internet"
    )


def verifying_keys(jwks: JWKSet) -> Keys:
    """Return the keys of a set, all of which are of P-256."""
    keys = []
    for jwk in jwks:
        alone = JWKSet()
        alone.add(jwk)
        keys.append(VerifyingKey(alone, _public(jwk)))
    return tuple(keys)


class _UsableKeys(httpx.BaseTransport):
    """Hands on a set of keys without those that can't be used."""

    def __init__(self) -> None:
        self._inner = CancellableTransport(check_time)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        document = bytearray()
        if isinstance(response.stream, httpx.SyncByteStream):
            for piece in response.stream:
                document += piece
                if len(document) > FETCH_BYTES:
                    raise ValueError("the keys are too many")
        response.close()
        if not response.is_success:
            return httpx.Response(response.status_code, request=request)
        return httpx.Response(200, json={"keys": _usable(json.loads(document))}, request=request)

    def close(self) -> None:
        self._inner.close()


def _usable(document: Any) -> list[dict[str, str]]:  # noqa: ANN401 - any JSON
    """Return the keys of the curve that Benchling signs with, each once; the others are logged."""
    published = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(published, list):
        raise ValueError("the document has no keys")  # noqa: TRY004 - as JSON's own errors
    usable: dict[tuple[str, str], dict[str, str]] = {}
    for found in published:
        if not isinstance(found, dict) or (found.get("kty"), found.get("crv")) != ("EC", "P-256"):
            continue
        fields = {name: found.get(name) for name in ("kty", "crv", "x", "y")}
        try:
            _public(JWK(**fields))
        except (JWException, ValueError, TypeError) as error:
            kid = str(found.get("kid"))[:MAX_SHOWN]
            log.warning("key.skipped", kid=kid, reason=type(error).__name__)
        else:
            usable[str(fields["x"]), str(fields["y"])] = {
                name: str(value) for name, value in fields.items()
            }
        if len(usable) == MAX_KEYS:
            break
    return list(usable.values())


def _public(jwk: JWK) -> ec.EllipticCurvePublicKey:
    """Return a key for cryptography, which raises ValueError for a point off the curve."""
    key = jwk.get_op_key("verify")
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("no public key of an elliptic curve")
    return key


class KeyProvider:
    """Keeps the last good keys for as long as Benchling allows, and fetches them anew before."""

    def __init__(
        self, fetch: Callable[[], Keys], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the way to fetch; nothing is fetched before ``refresh`` or ``watch``."""
        self._fetch = fetch
        self._clock = clock
        # What follows changes while it is held.
        self._changed = Condition()
        self._keys: Keys = ()
        self._fetched = 0.0
        self._tried = float("-inf")
        self._fetches = 0
        self._wanted = False
        # The kind of the last failure: its text may quote the response.
        self._failure = "not fetched yet"

    def watch(self) -> None:
        """Begin to fetch, in a thread of its own that ends with the process."""
        run_in_background("keys", self._watch)

    def refresh(self) -> bool:
        """Fetch the keys; return whether there are any. Those that are there stay if not."""
        fetch = self._fetch
        keys, failure = fetched(fetch)
        with self._changed:
            if fetch is not self._fetch:
                # They are another app's by now.
                return bool(self._keys)
            self._tried, self._wanted = self._clock(), False
            self._fetches += 1
            self._failure = failure
            if keys:
                self._keys, self._fetched = keys, self._tried
            self._changed.notify_all()
        if failure:
            log.warning("keys.not_fetched", reason=failure)
        return not failure

    def use(self, fetch: Callable[[], Keys], keys: Keys) -> None:
        """Fetch in another way from now on; these are the keys that it has just brought."""
        with self._changed:
            self._fetch, self._keys = fetch, keys
            self._tried = self._fetched = self._clock()
            self._wanted, self._failure = False, "" if keys else "not fetched yet"
            self._fetches += 1
            self._changed.notify_all()

    def wait_for_first_fetch(self, seconds: float) -> None:
        """Return when a first fetch has ended, in success or failure, or after some seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._fetches, seconds)

    def current(self) -> Keys:
        """Return keys no older than six hours, or raise KeysUnavailableError.

        Waits for a moment where there are none, as at the start.
        """
        if keys := self._fresh():
            return keys
        with self._changed:
            keys = self._changed.wait_for(self._fresh, WAIT_SECONDS)
        if not keys:
            raise KeysUnavailableError(f"Benchling's keys can't be fetched ({self._failure})")
        return keys

    def newer_than(self, keys: Keys) -> Keys:
        """Return keys fetched after these ones, or none.

        Has Benchling asked at most once a minute, and only the request that has it
        asked waits, for a moment: unsigned requests must not hold up signed ones.
        """
        with self._changed:
            if self._keys is keys and not self._wanted and self._may_look():
                self._wanted, fetches = True, self._fetches
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._fetches > fetches, WAIT_SECONDS)
            return self._keys if self._keys is not keys else ()

    def problem(self) -> str:
        """Return why there are no keys, or nothing."""
        if self._fresh():
            return ""
        return f"{NAME}: {keys_fault(self._failure)}"

    def _fresh(self) -> Keys:
        return self._keys if self._clock() - self._fetched < MAX_AGE_SECONDS else ()

    def _may_look(self) -> bool:
        return self._clock() - self._tried >= LOOK_SECONDS

    def _watch(self) -> None:
        retry = FIRST_RETRY_SECONDS
        while True:
            if self.refresh():
                pause, retry = REFRESH_SECONDS, FIRST_RETRY_SECONDS
            else:
                pause, retry = retry, min(retry * 2, LAST_RETRY_SECONDS)
            with self._changed:
                self._changed.wait_for(lambda: self._wanted, pause)
