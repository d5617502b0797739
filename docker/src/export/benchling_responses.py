"""What Benchling's responses say: IDs, canvases, a download's URL, and why one can't be used."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard
from urllib.parse import urlsplit

import httpx

from ..queues.buttons import TOKEN
from ..queues.canvas_request import ID
from ..queues.canvas_view import FIRST_VIEW, MAX_PAGE, CanvasView, LinkedView
from ..runtime.errors import Kind, ServiceError

# The statuses with which Benchling says that the same request will never do:
# it is invalid, isn't allowed, or what it is about isn't there.
REFUSALS = frozenset({400, 403, 404, 405, 410, 413, 414, 415, 422})
# Deeper than any entry; json writes no value that is some hundred deep.
MAX_DEPTH = 100


class BenchlingClientError(ServiceError):
    """Benchling refused, or its response can't be used; the text says which call.

    ``status`` is the HTTP status with which Benchling refused; 0 where it didn't. One
    of REFUSALS makes the error permanent; the response to another attempt may be whole.
    """

    def __init__(self, reason: str, status: int = 0) -> None:
        """Take the reason, for the operator, and the status."""
        super().__init__(reason)
        self.status = status
        self.kind = Kind.PERMANENT if status in REFUSALS else Kind.TRANSIENT


@dataclass(frozen=True)
class DrawnCanvas:
    """A canvas in an entry, and what it shows."""

    canvas_id: str
    # The app that the canvas is of; empty where nobody has asked.
    app_id: str = ""
    view: CanvasView = FIRST_VIEW


def canvas_of(listed: Mapping[str, Any]) -> DrawnCanvas | None:
    """Return a canvas as Benchling lists it, or None where it has no ID."""
    app = listed.get("app")
    app_id = app.get("id") if isinstance(app, dict) else ""
    if not is_id(listed.get("id")):
        return None
    return DrawnCanvas(str(listed["id"]), str(app_id or ""), view_of(listed.get("data")))


def download_url(task: Mapping[str, Any], base_url: str) -> str:
    """Return the URL of an export's ZIP; raises BenchlingClientError where a task has none.

    Its scheme must be that of ``base_url``, which is Benchling's own.
    """
    response = task.get("response")
    url = response.get("downloadURL") if isinstance(response, dict) else None
    if not isinstance(url, str) or not url:
        raise BenchlingClientError("the export has no download address")
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise BenchlingClientError("the export's download address is none") from error
    if not parsed.host:
        raise BenchlingClientError("the export's download address is none")
    if parsed.scheme != urlsplit(base_url).scheme:
        raise BenchlingClientError("the download address has another scheme than Benchling's own")
    return url


def checked_id(text: str) -> str:
    """Return an ID; raises BenchlingClientError for what would lead elsewhere in a URL."""
    if not is_id(text):
        raise BenchlingClientError("what was asked about is not an ID")
    return text


def is_plain(value: object) -> bool:
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


def is_id(value: object) -> bool:
    """Return whether a value is an ID, which leads nowhere else in a URL."""
    return isinstance(value, str) and ID.fullmatch(value) is not None


def data_of(view: CanvasView) -> str:
    """Return the data that Benchling keeps with a canvas of a view, unseen."""
    data: dict[str, object] = {"page": view.page}
    if view.metadata:
        data["metadata"] = True
    if view.linked:
        data["linked"] = vars(view.linked)
    return json.dumps(data)


def view_of(data: object) -> CanvasView:
    """Return the view that a canvas's data names, or the first page of the files."""
    try:
        named = json.loads(data) if isinstance(data, str) else {}
        page, metadata = named["page"], named.get("metadata") is True
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return FIRST_VIEW
    if not _is_page(page):
        return FIRST_VIEW
    return CanvasView(page, metadata, _linked(named.get("linked")))


def _linked(named: object) -> LinkedView | None:
    if not isinstance(named, dict):
        return None
    token, page = named.get("token"), named.get("page")
    if not isinstance(token, str) or not TOKEN.fullmatch(token) or not _is_page(page):
        return None
    return LinkedView(token, page, named.get("metadata") is True)


def _is_page(page: object) -> TypeGuard[int]:
    return isinstance(page, int) and 0 < page <= MAX_PAGE


def message_of(task: Mapping[str, Any]) -> str:
    """Return what a task says of its end, after a colon, or nothing."""
    message = task.get("message")
    return f": {message[:200]}" if isinstance(message, str) else ""
