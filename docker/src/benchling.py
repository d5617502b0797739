"""What the worker asks of Benchling: an entry, its export, and its canvases."""

from __future__ import annotations

import json
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

from .events import ID
from .patience import UnavailableError
from .time_limits import pause

# Benchling advises to ask every ten seconds; most exports take a few.
FIRST_POLL_SECONDS = 0.5
LAST_POLL_SECONDS = 10.0
EXPORT_SECONDS = 900.0
UNAUTHORIZED = 401
UNREADABLE = (AttributeError, KeyError, RecursionError, TypeError, ValueError)
# The canvases that one response lists at most, as Benchling allows it.
CANVASES_A_PAGE = 100
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


class NotebookError(Exception):
    """Benchling refused, or its answer can't be used; the text says which call.

    ``status`` is the HTTP status with which Benchling refused; 0 where it didn't.
    """

    def __init__(self, reason: str, status: int = 0) -> None:
        """Take the reason, for the operator, and the status."""
        super().__init__(reason)
        self.status = status


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
        entry = self._get("the entry", f"entries/{entry_id}").get("entry")
        if not isinstance(entry, dict):
            raise NotebookError("the entry: Benchling's response is incomplete")
        return {**entry, "id": entry_id}

    def export(self, entry_id: str, check: Callable[[], None]) -> str:
        """Export an entry; return the address of the ZIP, which is valid for minutes.

        ``check`` raises when the work must end.
        """
        request = ExportItemRequest(id=entry_id)
        task_id = self._call("the export", lambda it: it.exports.export(request).task_id)
        if not _is_id(task_id):
            raise NotebookError("the export: Benchling's response is incomplete")
        deadline = time.monotonic() + EXPORT_SECONDS
        seconds = FIRST_POLL_SECONDS
        while True:
            task = self._get("the task", f"tasks/{task_id}")
            status = task.get("status")
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
        entry_id = self._get("the canvas", f"app-canvases/{canvas_id}").get("resourceId")
        if not _is_id(entry_id):
            raise NotebookError("the canvas is in no entry")
        return str(entry_id)

    def canvases_of(self, entry_id: str) -> list[DrawnCanvas]:
        """Return the canvases in an entry, of this app and of others."""
        return [
            DrawnCanvas(
                str(canvas["id"]),
                str((canvas.get("app") or {}).get("id") or ""),
                _page(canvas.get("data")),
            )
            for canvas in self._listed_canvases(entry_id)
            if _is_id(canvas.get("id"))
        ]

    def _listed_canvases(self, entry_id: str) -> Iterator[dict[str, Any]]:
        query = {"resourceId": entry_id, "pageSize": CANVASES_A_PAGE}
        while True:
            listed = self._get("the canvases", f"app-canvases?{urlencode(query)}")
            yield from listed.get("appCanvases") or ()
            token = listed.get("nextToken")
            if not token:
                return
            query["nextToken"] = token

    def draw(self, canvas_id: str, blocks: list[dict[str, Any]], page: int = 1) -> None:
        """Replace what a canvas shows; Benchling keeps the page with it, unseen."""
        canvas = AppCanvasUpdate.from_dict(
            {"blocks": blocks, "enabled": True, "data": json.dumps({"page": page})}
        )
        self._call("the canvas", lambda it: it.apps.update_canvas(canvas_id, canvas))

    def add_canvas(
        self, feature_id: str, entry_id: str, blocks: list[dict[str, Any]], app_id: str = ""
    ) -> str:
        """Put a canvas of an installed app into an entry that has only asked for one.

        Returns the canvas's ID, or nothing where Benchling leaves it out. Its
        description requires the app's ID, and says that requests without it are
        still taken for a time.
        """
        app = {"appId": app_id} if app_id else {}
        canvas = AppCanvasCreate.from_dict(
            {
                **app,
                "blocks": blocks,
                "enabled": True,
                "featureId": feature_id,
                "resourceId": entry_id,
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
        response = self._call(what, lambda it: it.api.get_response(f"api/v2/{path}"))
        return response.parsed if isinstance(response.parsed, dict) else {}

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
            except BenchlingError as error:
                if error.status_code != UNAUTHORIZED:
                    raise
                # A token that was revoked before its time.
                self._benchling = self._connect()
                return ask(self._benchling)
        except BenchlingError as error:
            status = error.status_code
            raise NotebookError(f"{what}: Benchling answered {status}", status or 0) from error
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
        if urlsplit(address).scheme != urlsplit(self._base_url).scheme:
            raise NotebookError("the download address has another scheme than Benchling's own")
        return address


def _is_id(value: object) -> bool:
    """Return whether a value is an ID, which leads nowhere else in an address."""
    return isinstance(value, str) and ID.fullmatch(value) is not None


def _page(data: object) -> int:
    """Return the page that a canvas's data names, or the first."""
    try:
        page = json.loads(data)["page"] if isinstance(data, str) else 1
    except (ValueError, KeyError, TypeError, RecursionError):
        return 1
    return page if isinstance(page, int) and page > 0 else 1


def _said(task: Mapping[str, Any]) -> str:
    message = task.get("message")
    return f": {message[:200]}" if isinstance(message, str) else ""
