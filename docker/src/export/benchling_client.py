"""What the worker asks of Benchling: an entry, its export, and its canvases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx
from benchling_api_client.v2.stable.extensions import NotPresentError
from benchling_sdk.auth.client_credentials_oauth2 import ClientCredentialsOAuth2
from benchling_sdk.benchling import Benchling
from benchling_sdk.errors import BenchlingError
from benchling_sdk.helpers.retry_helpers import RetryStrategy
from benchling_sdk.models import (
    AppCanvasCreate,
    AppCanvasUpdate,
    ExportItemRequest,
)

from ..queues.canvas_view import FIRST_VIEW, CanvasView
from ..runtime.time_limits import pause
from .benchling_responses import (
    BenchlingClientError,
    DrawnCanvas,
    canvas_of,
    checked_id,
    data_of,
    download_url,
    is_id,
    is_plain,
    message_of,
)
from .linked_names import LinkedNames
from .retry_transport import UnavailableError

# Benchling advises to ask every ten seconds; most exports take a few.
FIRST_POLL_SECONDS = 0.1
LAST_POLL_SECONDS = 10.0
EXPORT_SECONDS = 900.0
UNAUTHORIZED = 401
UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
# The canvases that one response lists at most, as Benchling allows it.
CANVASES_A_PAGE = 100
# More pages than these are none of an entry.
MAX_PAGES = 20
Response = TypeVar("Response")


class _ResponseError(Exception):
    """A response that is no success."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.status = response.status_code
        self.of_token = response.request.url.path.endswith("/token")


class BenchlingClient:
    """Benchling's API, as the app of the client ID may use it."""

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        http: httpx.Client,
    ) -> None:
        """Take an HTTP client of its own: the SDK puts the token into its headers."""
        self._base_url = base_url
        self._credentials = (client_id, client_secret)
        self._http = http
        # Before the SDK reads it: the body of a refusal may be anything.
        http.event_hooks["response"].append(_raise_for_status)
        self._benchling = self._connect()
        # Returns the name of a linked object.
        self.name_of = LinkedNames(self._get).name_of

    def keep_token(self) -> bool:
        """Get a token where there is none that lasts, so that no call waits for one.

        Return whether there is one; why not, a call says.
        """
        try:
            self._auth.get_authorization_header(self._base_url)
        except Exception:  # noqa: BLE001 - whatever it is, the call that needs a token says it
            return False
        return True

    def entry(self, entry_id: str) -> dict[str, Any]:
        """Return the entry as the API responds, with its ID."""
        entry = self._get("the entry", f"entries/{checked_id(entry_id)}").get("entry")
        if not isinstance(entry, dict):
            raise BenchlingClientError("the entry: Benchling's response is incomplete")
        return {**entry, "id": entry_id}

    def export(self, entry_id: str, check: Callable[[], None]) -> str:
        """Export an entry; return the URL of the ZIP, which is valid for minutes.

        ``check`` raises when the work must end.
        """
        request = ExportItemRequest(id=checked_id(entry_id))
        task_id = self._call("the export", lambda it: it.exports.export(request).task_id)
        if not is_id(task_id):
            raise BenchlingClientError("the export: Benchling's response is incomplete")
        deadline = time.monotonic() + EXPORT_SECONDS
        seconds = FIRST_POLL_SECONDS
        while True:
            task = self._get("the task", f"tasks/{task_id}")
            status = task.get("status")
            if not isinstance(status, str):
                raise BenchlingClientError("the export has no status")
            if status == "SUCCEEDED":
                return download_url(task, self._base_url)
            if status != "RUNNING":
                raise BenchlingClientError(f"the export ended as {status}{message_of(task)}")
            if time.monotonic() + seconds > deadline:
                raise BenchlingClientError(f"the export still runs after {EXPORT_SECONDS:.0f} s")
            pause(seconds, check)
            seconds = min(seconds * 2, LAST_POLL_SECONDS)

    def entry_of_canvas(self, canvas_id: str) -> str:
        """Return the ID of the entry that a canvas is in."""
        entry_id = self._get("the canvas", f"app-canvases/{checked_id(canvas_id)}").get(
            "resourceId"
        )
        if not is_id(entry_id):
            raise BenchlingClientError("the canvas is in no entry")
        return str(entry_id)

    def canvases_of(self, entry_id: str) -> list[DrawnCanvas]:
        """Return the canvases in an entry, of this app and of others."""
        found = (canvas_of(it) for it in self._listed_canvases(checked_id(entry_id)))
        return [it for it in found if it]

    def _listed_canvases(self, entry_id: str) -> Iterator[dict[str, Any]]:
        query = {"resourceId": entry_id, "pageSize": str(CANVASES_A_PAGE)}
        for _ in range(MAX_PAGES):
            listed = self._get("the canvases", f"app-canvases?{urlencode(query)}")
            canvases, token = listed.get("appCanvases"), listed.get("nextToken")
            if isinstance(canvases, list):
                yield from (it for it in canvases if isinstance(it, dict))
            if not isinstance(token, str) or not token:
                return
            query["nextToken"] = token
        raise BenchlingClientError(f"the canvases: Benchling lists more than {MAX_PAGES} pages")

    def draw(
        self, canvas_id: str, blocks: list[dict[str, Any]], view: CanvasView = FIRST_VIEW
    ) -> None:
        """Replace what a canvas shows; Benchling keeps the view with it, unseen."""
        canvas = AppCanvasUpdate.from_dict(
            {"blocks": blocks, "enabled": True, "data": data_of(view)}
        )
        drawn_id = checked_id(canvas_id)
        self._call("the canvas", lambda it: it.apps.update_canvas(drawn_id, canvas))

    def add_canvas(
        self, feature_id: str, entry_id: str, blocks: list[dict[str, Any]], app_id: str = ""
    ) -> str:
        """Put a canvas of an installed app into an entry that has only asked for one.

        Returns the canvas's ID, or nothing where Benchling leaves it out. Its
        description requires the app's ID, and says that requests without it are
        still taken for a time.
        """
        app = {"appId": checked_id(app_id)} if app_id else {}
        canvas = AppCanvasCreate.from_dict(
            {
                **app,
                "blocks": blocks,
                "enabled": True,
                "featureId": checked_id(feature_id),
                "resourceId": checked_id(entry_id),
            }
        )
        created = self._call("the canvas", lambda it: it.apps.create_canvas(canvas))
        canvas_id = created.to_dict().get("id")
        return str(canvas_id) if is_id(canvas_id) else ""

    def _get(self, what: str, path: str) -> dict[str, Any]:
        """Return the JSON object of a path of the API, or an empty one.

        Not by the SDK's models, which drop an entry's nulls, and refuse an entry
        without a creator, a date of another form and a task's null.
        """
        parsed = self._call(what, lambda it: it.api.get_response(f"api/v2/{path}")).parsed
        if not is_plain(parsed):
            raise BenchlingClientError(f"{what}: Benchling's response can't be read")
        return parsed if isinstance(parsed, dict) else {}

    def _connect(self) -> Benchling:
        self._auth = ClientCredentialsOAuth2(*self._credentials, httpx_client=self._http)
        return Benchling(
            self._base_url,
            self._auth,
            retry_strategy=RetryStrategy.no_retries(),
            httpx_client=self._http,
        )

    def _call(self, what: str, ask: Callable[[Benchling], Response]) -> Response:
        try:
            try:
                return ask(self._benchling)
            except _ResponseError as error:
                if error.status != UNAUTHORIZED or error.of_token:
                    raise
                # A token that was revoked before its time.
                self._benchling = self._connect()
                return ask(self._benchling)
        except _ResponseError as error:
            if error.of_token:
                # Credentials may be right again: the request itself was not refused.
                raise BenchlingClientError(
                    f"{what}: asked for a token, Benchling answered {error.status}"
                ) from None
            raise BenchlingClientError(
                f"{what}: Benchling answered {error.status}", error.status
            ) from None
        except BenchlingError as error:
            raise BenchlingClientError(f"{what}: Benchling answered {error.status_code}") from error
        except httpx.HTTPError as error:
            raise UnavailableError(f"{what}: {type(error).__name__}") from error
        # What the SDK lets escape from a response that isn't as described.
        except (NotPresentError, *UNREADABLE) as error:
            raise BenchlingClientError(f"{what}: Benchling's response is incomplete") from error


def _raise_for_status(response: httpx.Response) -> None:
    if not response.is_success:
        raise _ResponseError(response)
