"""What the worker asks of Benchling: an entry, its export, and its canvases."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

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

from ..queues.canvas_request import ID
from ..runtime.errors import Kind, ServiceError
from ..runtime.time_limits import pause
from .retry_transport import UnavailableError

# Benchling advises to ask every ten seconds; most exports take a few.
FIRST_POLL_SECONDS = 0.5
LAST_POLL_SECONDS = 10.0
EXPORT_SECONDS = 900.0
UNAUTHORIZED = 401
# The statuses with which Benchling says that the same request will never do:
# it can't be meant, isn't allowed, or what it is about isn't there.
REFUSALS = frozenset({400, 403, 404, 405, 410, 413, 414, 415, 422})
UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
# Deeper than any entry; json writes no value that is some hundred deep.
MAX_DEPTH = 100
# The last page that a button can name.
MAX_PAGE = 999_999
# The canvases that one response lists at most, as Benchling allows it.
CANVASES_A_PAGE = 100
# More pages than these are none of an entry.
MAX_PAGES = 20
# Where the API has the objects that an entry's notes and fields link to, and the
# field that names each. Batches, dashboards, protocols, stage entries and workflows
# can't be read by their ID. Source: v2/stable/openapi.yaml of benchling_api_client.
NAMED = {
    "aa_sequence": ("aa-sequences", "name"),
    "assay_request": ("requests", "displayId"),
    "box": ("boxes", "name"),
    "container": ("containers", "name"),
    "custom_entity": ("custom-entities", "name"),
    "dna_sequence": ("dna-sequences", "name"),
    "entry": ("entries", "name"),
    "folder": ("folders", "name"),
    "location": ("locations", "name"),
    "mixture": ("mixtures", "name"),
    "molecule": ("molecules", "name"),
    "plate": ("plates", "name"),
    "request": ("requests", "displayId"),
    "user": ("users", "name"),
}
# A name that was read is taken for this long, by this many objects.
NAME_SECONDS = 600.0
NAMES_KEPT = 5000

Response = TypeVar("Response")


class NotebookError(ServiceError):
    """Benchling refused, or its response can't be used; the text says which call.

    ``status`` is the HTTP status with which Benchling refused; 0 where it didn't. One
    of REFUSALS makes the error permanent; the response to another attempt may be whole.
    """

    def __init__(self, reason: str, status: int = 0) -> None:
        """Take the reason, for the operator, and the status."""
        super().__init__(reason)
        self.status = status
        self.kind = Kind.PERMANENT if status in REFUSALS else Kind.TRANSIENT


class _RefusalError(Exception):
    """A response that is no success."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.status = response.status_code
        self.of_token = response.request.url.path.endswith("/token")


@dataclass(frozen=True)
class DrawnCanvas:
    """A canvas in an entry, and the page of the file list that it shows."""

    canvas_id: str
    # The app that the canvas is of; empty where nobody has asked.
    app_id: str = ""
    page: int = 1


class Notebook:
    """Benchling's notebook, as the app of the client ID may read it."""

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
        http.event_hooks["response"].append(_raise_refusal)
        self._benchling = self._connect()
        self._names: dict[tuple[str, str], tuple[float, str | None]] = {}

    def name_of(self, kind: str, object_id: str) -> str | None:
        """Return the name of a linked object; None where the app may not read it.

        ``kind`` is a link's type in an entry. Raises UnavailableError where Benchling
        is too busy to say.
        """
        if kind not in NAMED or not ID.fullmatch(object_id):
            return None
        key = (kind, object_id)
        now = time.monotonic()
        read_at, name = self._names.get(key, (float("-inf"), None))
        if now - read_at > NAME_SECONDS:
            name = self._read_name(kind, object_id)
            if len(self._names) >= NAMES_KEPT:
                self._names.clear()
            self._names[key] = (now, name)
        return name

    def _read_name(self, kind: str, object_id: str) -> str | None:
        path, field = NAMED[kind]
        try:
            found = self._get(f"the linked {kind}", f"{path}/{object_id}")
        except NotebookError:
            return None
        found = found.get("entry", found) if kind == "entry" else found
        name = found.get(field)
        return name if isinstance(name, str) else None

    def entry(self, entry_id: str) -> dict[str, Any]:
        """Return the entry as the API responds, with its ID."""
        entry = self._get("the entry", f"entries/{_id(entry_id)}").get("entry")
        if not isinstance(entry, dict):
            raise NotebookError("the entry: Benchling's response is incomplete")
        return {**entry, "id": entry_id}

    def export(self, entry_id: str, check: Callable[[], None]) -> str:
        """Export an entry; return the address of the ZIP, which is valid for minutes.

        ``check`` raises when the work must end.
        """
        request = ExportItemRequest(id=_id(entry_id))
        task_id = self._call("the export", lambda it: it.exports.export(request).task_id)
        if not _is_id(task_id):
            raise NotebookError("the export: Benchling's response is incomplete")
        deadline = time.monotonic() + EXPORT_SECONDS
        seconds = FIRST_POLL_SECONDS
        while True:
            task = self._get("the task", f"tasks/{task_id}")
            status = task.get("status")
            if not isinstance(status, str):
                raise NotebookError("the export has no status")
            if status == "SUCCEEDED":
                return self._address(task)
            if status != "RUNNING":
                raise NotebookError(f"the export ended as {status}{_said(task)}")
            if time.monotonic() + seconds > deadline:
                raise NotebookError(f"the export still runs after {EXPORT_SECONDS:.0f} s")
            pause(seconds, check)
            seconds = min(seconds * 1.5, LAST_POLL_SECONDS)

    def entry_of_canvas(self, canvas_id: str) -> str:
        """Return the ID of the entry that a canvas is in."""
        entry_id = self._get("the canvas", f"app-canvases/{_id(canvas_id)}").get("resourceId")
        if not _is_id(entry_id):
            raise NotebookError("the canvas is in no entry")
        return str(entry_id)

    def canvases_of(self, entry_id: str) -> list[DrawnCanvas]:
        """Return the canvases in an entry, of this app and of others."""
        found = []
        for canvas in self._listed_canvases(_id(entry_id)):
            app = canvas.get("app")
            app_id = app.get("id") if isinstance(app, dict) else ""
            if _is_id(canvas.get("id")):
                drawn = str(canvas["id"]), str(app_id or ""), _page(canvas.get("data"))
                found.append(DrawnCanvas(*drawn))
        return found

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
        raise NotebookError(f"the canvases: Benchling lists more than {MAX_PAGES} pages")

    def draw(self, canvas_id: str, blocks: list[dict[str, Any]], page: int = 1) -> None:
        """Replace what a canvas shows; Benchling keeps the page with it, unseen."""
        canvas = AppCanvasUpdate.from_dict(
            {"blocks": blocks, "enabled": True, "data": json.dumps({"page": page})}
        )
        drawn_id = _id(canvas_id)
        self._call("the canvas", lambda it: it.apps.update_canvas(drawn_id, canvas))

    def add_canvas(
        self, feature_id: str, entry_id: str, blocks: list[dict[str, Any]], app_id: str = ""
    ) -> str:
        """Put a canvas of an installed app into an entry that has only asked for one.

        Returns the canvas's ID, or nothing where Benchling leaves it out. Its
        description requires the app's ID, and says that requests without it are
        still taken for a time.
        """
        app = {"appId": _id(app_id)} if app_id else {}
        canvas = AppCanvasCreate.from_dict(
            {
                **app,
                "blocks": blocks,
                "enabled": True,
                "featureId": _id(feature_id),
                "resourceId": _id(entry_id),
            }
        )
        created = self._call("the canvas", lambda it: it.apps.create_canvas(canvas))
        canvas_id = created.to_dict().get("id")
        return str(canvas_id) if _is_id(canvas_id) else ""

    def _get(self, what: str, path: str) -> dict[str, Any]:
        """Return the JSON object of a path of the API, or an empty one.

        Not by the SDK's models, which drop an entry's nulls, and refuse an entry
        without a creator, a date of another form and a task's null.
        """
        parsed = self._call(what, lambda it: it.api.get_response(f"api/v2/{path}")).parsed
        if not _is_plain(parsed):
            raise NotebookError(f"{what}: Benchling's response can't be read")
        return parsed if isinstance(parsed, dict) else {}

    def _connect(self) -> Benchling:
        return Benchling(
            self._base_url,
            ClientCredentialsOAuth2(*self._credentials, httpx_client=self._http),
            retry_strategy=RetryStrategy.no_retries(),
            httpx_client=self._http,
        )

    def _call(self, what: str, ask: Callable[[Benchling], Response]) -> Response:
        try:
            try:
                return ask(self._benchling)
            except _RefusalError as error:
                if error.status != UNAUTHORIZED or error.of_token:
                    raise
                # A token that was revoked before its time.
                self._benchling = self._connect()
                return ask(self._benchling)
        except _RefusalError as error:
            if error.of_token:
                # Credentials may be right again: the request itself was not refused.
                raise NotebookError(
                    f"{what}: asked for a token, Benchling answered {error.status}"
                ) from None
            raise NotebookError(
                f"{what}: Benchling answered {error.status}", error.status
            ) from None
        except BenchlingError as error:
            raise NotebookError(f"{what}: Benchling answered {error.status_code}") from error
        except httpx.HTTPError as error:
            raise UnavailableError(f"{what}: {type(error).__name__}") from error
        # What the SDK lets escape from a response that isn't as described.
        except (NotPresentError, *UNREADABLE) as error:
            raise NotebookError(f"{what}: Benchling's response is incomplete") from error

    def _address(self, task: Mapping[str, Any]) -> str:
        response = task.get("response")
        address = response.get("downloadURL") if isinstance(response, dict) else None
        if not isinstance(address, str) or not address:
            raise NotebookError("the export has no download address")
        try:
            url = httpx.URL(address)
        except (httpx.InvalidURL, ValueError) as error:
            raise NotebookError("the export's download address is none") from error
        if not url.host:
            raise NotebookError("the export's download address is none")
        if url.scheme != urlsplit(self._base_url).scheme:
            raise NotebookError("the download address has another scheme than Benchling's own")
        return address


def _raise_refusal(response: httpx.Response) -> None:
    if not response.is_success:
        raise _RefusalError(response)


def _id(text: str) -> str:
    """Return an ID; raises NotebookError for what would lead elsewhere in an address."""
    if not _is_id(text):
        raise NotebookError("what was asked about is not an ID")
    return text


def _is_plain(value: object) -> bool:
    """Return whether a parsed value can be written as JSON again."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            below
            for it in level
            if isinstance(it, dict | list)
            for below in (it.values() if isinstance(it, dict) else it)
        ]
        if not level:
            return True
        if any(isinstance(it, float) and not math.isfinite(it) for it in level):
            return False
    return False


def _is_id(value: object) -> bool:
    """Return whether a value is an ID, which leads nowhere else in an address."""
    return isinstance(value, str) and ID.fullmatch(value) is not None


def _page(data: object) -> int:
    """Return the page that a canvas's data names, or the first."""
    try:
        page = json.loads(data)["page"] if isinstance(data, str) else 1
    except (ValueError, KeyError, TypeError, RecursionError):
        return 1
    return page if isinstance(page, int) and 0 < page <= MAX_PAGE else 1


def _said(task: Mapping[str, Any]) -> str:
    message = task.get("message")
    return f": {message[:200]}" if isinstance(message, str) else ""
