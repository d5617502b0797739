"""What a canvas asks for, read from Benchling's message.

A canvas that was created names only itself, and a button that was pressed only
itself and the canvas: so a button's ID carries the entry it was drawn for.
Source: the webhook models of benchling_api_client.webhooks.v0.stable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CREATED = "v2.canvas.created"
INITIALIZED = "v2.canvas.initialized"
INTERACTED = "v2.canvas.userInteracted"
# The IDs that Benchling and SQS take without quoting.
ID = r"[A-Za-z0-9_-]{1,100}"
BUTTON = re.compile(rf"(?:update-package|page-(?P<page>[1-9][0-9]{{0,5}})):(?P<entry>{ID})")


class CanvasCallError(Exception):
    """The message lacks what its type must have; the text names it."""


@dataclass(frozen=True)
class CanvasCall:
    """A canvas and what is asked for it."""

    # Empty where only the canvas tells which entry it is in.
    entry_id: str
    # Empty where Benchling asks for a canvas that isn't there yet.
    canvas_id: str
    feature_id: str = ""
    # The page of the file list to draw; 0 asks for an export.
    page: int = 0


def update_button(entry_id: str) -> str:
    """Return the ID of the button that asks for an export."""
    return f"update-package:{entry_id}"


def page_button(page: int, entry_id: str) -> str:
    """Return the ID of the button that shows a page of the file list."""
    return f"page-{page}:{entry_id}"


def read_canvas_call(message: Mapping[str, Any]) -> CanvasCall | None:
    """Return what a canvas's message asks for; None if nothing of ours.

    Raises CanvasCallError if the message lacks an ID.
    """
    kind = message["type"]
    if kind == INITIALIZED:
        return CanvasCall(_id(message, "resourceId"), "", _id(message, "featureId"))
    if kind == CREATED:
        return CanvasCall("", _id(message, "canvasId"))
    if kind == INTERACTED:
        canvas_id, button = _id(message, "canvasId"), message.get("buttonId")
        pressed = BUTTON.fullmatch(button) if isinstance(button, str) else None
        if pressed:
            return CanvasCall(pressed["entry"], canvas_id, page=int(pressed["page"] or 0))
    return None


def _id(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not re.fullmatch(ID, value):
        raise CanvasCallError(f"the message has no {name}")
    return value
