"""Whether the app's credentials work: asked in the background, never by a request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import structlog
from benchling_sdk.auth.client_credentials_oauth2 import ClientCredentialsOAuth2
from benchling_sdk.errors import BenchlingError

from .background import run_in_background
from .cancellable_transport import tls_context
from .secret import NAME, Secret

# Until they work, and from then on.
FIRST_PAUSE_SECONDS = 2.0
LAST_PAUSE_SECONDS = 60.0
RECHECK_SECONDS = 600.0
TIMEOUT_SECONDS = 10.0
# The statuses by which Benchling refuses credentials.
REFUSALS = frozenset({400, 401, 403})

log = structlog.get_logger()


@dataclass(frozen=True)
class TokenFault:
    """Why there is no token: the fault and its remedy, no value of the secret's."""

    text: str
    # In short, as it is logged while the credentials count as good.
    seen: str
    # Whether Benchling refused the credentials themselves.
    refused: bool = False
    # What no library foresaw.
    crash: Exception | None = None


def token_fault(fetch_token: Callable[[], None]) -> TokenFault | None:
    """Fetch a token; return why there is none. Nothing is raised."""
    try:
        fetch_token()
    except BenchlingError as error:
        kept_away = _kept_away(error)
        if kept_away:
            return TokenFault(
                f"no token, for Benchling can't be reached ({kept_away}):"
                " look at tenant and base_url, and whether the task reaches the internet",
                kept_away,
            )
        seen = f"{error.status_code}"
        if error.status_code in REFUSALS:
            return TokenFault(
                f"Benchling answered {seen} to client_id and client_secret:"
                " copy both from the app's page in Benchling, and look at tenant",
                seen,
                refused=True,
            )
        return TokenFault(
            f"no token from Benchling ({seen}):"
            " look at tenant and base_url, and at Benchling's status",
            seen,
        )
    except Exception as error:  # noqa: BLE001 - an address that no library foresaw, or a response
        name = type(error).__name__
        return TokenFault(
            f"no token from Benchling ({name}): look at tenant and base_url", name, crash=error
        )
    return None


class Credentials:
    """The client ID and secret, and whether Benchling gave a token for them."""

    def __init__(self, fetch_token: Callable[[], None]) -> None:
        """Take what fetches a token, or raises BenchlingError."""
        # What follows changes while it is held.
        self._changing = threading.Lock()
        self._fetch_token = fetch_token
        self._problem = "Benchling was not asked for a token yet: wait some seconds"
        self._worked = False

    def watch(self) -> None:
        """Begin to ask, in a thread of its own that ends with the process."""
        run_in_background("credentials", self._watch)

    def use(self, fetch_token: Callable[[], None], *, worked: bool = True) -> None:
        """Ask by another fetch from now on; ``worked`` says whether it gave a token."""
        with self._changing:
            self._fetch_token, self._worked = fetch_token, worked
            if worked:
                self._problem = ""

    def problem(self) -> str:
        """Return why the credentials can't be used, or nothing."""
        return self._problem

    def check(self) -> float:
        """Ask once; return after how many seconds to ask again, 0 for as soon as is decent.

        Credentials that have worked count as good while Benchling is away.
        """
        fetch_token = self._fetch_token
        fault = token_fault(fetch_token)
        with self._changing:
            if fetch_token is not self._fetch_token:
                # What was asked for was replaced meanwhile.
                return 0
            if fault is None:
                self._problem, self._worked = "", True
                return RECHECK_SECONDS
            if fault.refused or not self._worked:
                self._problem = f"{NAME}: {fault.text}"
                self._worked = False
            reason = self._problem or fault.seen
        if fault.crash:
            log.error("credentials.check_crashed", reason=reason, exc_info=fault.crash)
        else:
            log.warning("credentials.check_failed", reason=reason)
        return 0

    def _watch(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        never = threading.Event()
        while True:
            wait = self.check()
            never.wait(wait or pause)
            pause = FIRST_PAUSE_SECONDS if wait else min(pause * 2, LAST_PAUSE_SECONDS)


def _kept_away(error: BaseException) -> str:
    """Return what kept a request from Benchling, or nothing where Benchling responded.

    The SDK gives such a failure a status, as if Benchling had: 400 or 500.
    """
    found: BaseException | None = error
    while found and not isinstance(found, httpx.RequestError | httpx.InvalidURL):
        found = found.__cause__ or found.__context__
    if found is None:
        return ""
    if "CERTIFICATE_VERIFY_FAILED" in str(found):
        return "its certificate isn't one that this image trusts"
    return type(found).__name__


def token_of_secret(secret: Secret) -> Callable[[], None]:
    """Return what fetches a new token by a secret's credentials."""
    return token_of(secret.base_url, secret.client_id, secret.client_secret)


def token_of(base_url: str, client_id: str, client_secret: str) -> Callable[[], None]:
    """Return what fetches a new token, as the SDK does."""

    def fetch() -> None:
        with httpx.Client(timeout=TIMEOUT_SECONDS, verify=tls_context()) as client:
            ClientCredentialsOAuth2(client_id, client_secret, httpx_client=client).vend_new_token(
                base_url
            )

    return fetch
