"""What a webhook of a canvas asks for, and the buttons by which people ask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..runtime.errors import PermanentError
from .buttons import pressed_button, tokens_of
from .canvas_view import CanvasView
from .package_name import PackageName

CANVAS_CREATED = ("v2.canvas.created", "v2-beta.canvas.created")
CANVAS_INITIALIZED = "v2.canvas.initialized"
CANVAS_INTERACTED = "v2.canvas.userInteracted"
# Files on a page of a canvas.
FILES_A_PAGE = 20
# The IDs that Benchling and SQS take without quoting.
ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
# Those of earlier releases.
BUTTON = re.compile(rf"(?:update-package|page-(?P<page>[1-9][0-9]{{0,5}})):(?P<entry>{ID.pattern})")


class EventError(PermanentError):
    """A message or a webhook that lacks what its type must have; the text names it."""


@dataclass(frozen=True)
class CanvasRequest:
    """A canvas and what is asked for it."""

    # Empty where only the canvas tells which entry it is in.
    entry_id: str
    # Empty where Benchling asks for a canvas that isn't there yet.
    canvas_id: str
    feature_id: str = ""
    # What to draw; None asks for an export.
    view: CanvasView | None = None


def update_button(entry_id: str) -> str:
    """Return the ID of the button that asks for an export.

    The predecessor understands this one, too, should somebody go back to it.
    """
    return f"update-package-{entry_id}"


def page_button(page: int, entry_id: str) -> str:
    """Return the ID of the button that shows a page of the file list."""
    return f"browse-files-{entry_id}-p{page - 1}-s{FILES_A_PAGE}"


def metadata_button(page: int, entry_id: str) -> str:
    """Return the ID of the button that shows the metadata; ``page`` is where it leads back to."""
    return f"view-metadata-{entry_id}-p{page - 1}-s{FILES_A_PAGE}"


def linked_button(package: PackageName, page: int, entry_id: str, kind: str = "browse") -> str:
    """Return the ID of the button that shows a page of a linked package's files.

    The kind ``view-metadata`` shows its metadata.
    """
    token = tokens_of(package)[0]
    return f"{kind}-linked-{entry_id}-pkg-{token}-p{page - 1}-s{FILES_A_PAGE}"


def canvas_request(message: Mapping[str, Any]) -> CanvasRequest | None:
    """Return what a canvas's message asks for; None if nothing of ours.

    A canvas that was created names only itself, and a button that was pressed
    only itself and the canvas: so a button's ID carries the entry that it was
    drawn for. Source: the webhook models of benchling_api_client.
    Raises EventError if the message lacks an ID.
    """
    kind = message["type"]
    if kind == CANVAS_INITIALIZED:
        return CanvasRequest(id_of(message, "resourceId"), "", id_of(message, "featureId"))
    if kind in CANVAS_CREATED:
        return CanvasRequest("", id_of(message, "canvasId"))
    if kind == CANVAS_INTERACTED:
        canvas_id, button = id_of(message, "canvasId"), message.get("buttonId")
        pressed = BUTTON.fullmatch(button) if isinstance(button, str) else None
        if pressed:
            view = CanvasView(int(pressed["page"])) if pressed["page"] else None
            return CanvasRequest(pressed["entry"], canvas_id, view=view)
        shared = pressed_button(button) if isinstance(button, str) else None
        if shared:
            return CanvasRequest(shared.entry_id, canvas_id, view=shared.view(FILES_A_PAGE))
    return None


def id_of(message: Mapping[str, Any], name: str) -> str:
    """Return an ID of a message; raises EventError if it isn't one."""
    value = message.get(name)
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise EventError(f"the message has no {name}")
    return value
