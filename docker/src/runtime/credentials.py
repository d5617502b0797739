"""Whether the app's credentials work: asked in the background, never by a request."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx
import structlog
from benchling_sdk.auth.client_credentials_oauth2 import ClientCredentialsOAuth2
from benchling_sdk.errors import BenchlingError

from .background import run_in_background
from .cancellable_transport import tls_context

# Until they work, and from then on.
FIRST_PAUSE_SECONDS = 2.0
LAST_PAUSE_SECONDS = 60.0
RECHECK_SECONDS = 600.0
TIMEOUT_SECONDS = 10.0
# The statuses by which Benchling refuses credentials.
REFUSALS = frozenset({400, 401, 403})

log = structlog.get_logger()


class Credentials:
    """The client ID and secret, and whether Benchling gave a token for them."""

    def __init__(self, fetch_token: Callable[[], None]) -> None:
        """Take what fetches a token, or raises BenchlingError."""
        self._fetch_token = fetch_token
        self._problem = "Benchling was not asked for a token yet: wait some seconds"
        self._worked = False

    def watch(self) -> None:
        """Begin to ask, in a thread of its own that ends with the process."""
        run_in_background("credentials", self._watch)

    def problem(self) -> str:
        """Return why the credentials can't be used, or nothing."""
        return self._problem

    def check(self) -> float:
        """Ask once; return after how many seconds to ask again, 0 for as soon as is decent.

        Credentials that have worked count as good while Benchling is away.
        """
        try:
            self._fetch_token()
        except BenchlingError as error:
            kept_away = _kept_away(error)
            if kept_away:
                if not self._worked:
                    self._problem = (
                        f"BENCHLING_SECRET: no token, for Benchling can't be reached ({kept_away}):"
                        " look at tenant and base_url, and whether the task reaches the internet"
                    )
            elif error.status_code in REFUSALS:
                self._problem = (
                    f"BENCHLING_SECRET: Benchling answered {error.status_code} to client_id and"
                    " client_secret: copy both from the app's page in Benchling, and look at tenant"
                )
                self._worked = False
            elif not self._worked:
                self._problem = (
                    f"BENCHLING_SECRET: no token from Benchling ({error.status_code}):"
                    " look at tenant and base_url, and at Benchling's status"
                )
            seen = kept_away or f"{error.status_code}"
            log.warning("credentials.check_failed", reason=self._problem or seen)
            return 0
        except Exception as error:
            # An address that none of the libraries foresaw, or a response.
            if not self._worked:
                self._problem = (
                    f"BENCHLING_SECRET: no token from Benchling ({type(error).__name__}):"
                    " look at tenant and base_url"
                )
            log.exception("credentials.check_crashed", reason=self._problem)
            return 0
        self._problem, self._worked = "", True
        return RECHECK_SECONDS

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


def token_of(base_url: str, client_id: str, client_secret: str) -> Callable[[], None]:
    """Return what fetches a new token, as the SDK does."""

    def fetch() -> None:
        with httpx.Client(timeout=TIMEOUT_SECONDS, verify=tls_context()) as client:
            ClientCredentialsOAuth2(client_id, client_secret, httpx_client=client).vend_new_token(
                base_url
            )

    return fetch
