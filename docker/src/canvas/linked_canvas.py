"""What the canvas in an entry shows where nothing is exported: the linked packages alone."""

from __future__ import annotations

import time as clocks
from collections.abc import Callable

from benchling_sdk.models import ButtonUiBlock

from ..export.export_status import ExportStatus
from ..queues.canvas_request import update_button
from ..queues.canvas_view import FIRST_VIEW, CanvasView
from .blocks import Blocks, button, code, footer, row, text, time
from .catalog import Catalog
from .linked_package import LinkedPackage
from .linked_packages import linked_text


class LinkedCanvas:
    """Draws canvases of entries that have no package of their own."""

    def __init__(
        self,
        catalog: Catalog,
        linked: LinkedPackage,
        linked_by: str,
        clock: Callable[[], float] = clocks.time,
    ) -> None:
        """Take the catalog, what draws a linked package, and the key of metadata that links."""
        self._catalog = catalog
        self._linked = linked
        self._linked_by = linked_by
        self._clock = clock

    def blocks(self, entry_id: str, status: ExportStatus, view: CanvasView = FIRST_VIEW) -> Blocks:
        """Return the blocks of an entry's canvas in a view; any but a linked package's is one."""
        shown: Blocks = []
        buttons: list[ButtonUiBlock] = []
        if view.linked:
            shown, buttons = self._linked.blocks(entry_id, status, view, view.linked)
        elif status.display_id:
            shown = [
                text("linked", linked_text(status, self._catalog, self._linked_by)),
                *self._linked.buttons(entry_id, status),
            ]
        buttons.append(button(update_button(entry_id), "Search again"))
        return [
            text("state", _search_text(entry_id, status)),
            *shown,
            row("buttons", buttons),
            footer(f"Search {_state(status)}", self._clock()),
        ]


def _state(status: ExportStatus) -> str:
    if status.entry_reason or status.linked_reason:
        return "failed"
    return "done" if status.linked_at else "none yet"


def _search_text(entry_id: str, status: ExportStatus) -> str:
    """Return which entry it is, and when its linked packages were searched for last."""
    failed_at = status.entry_at if status.entry_reason else 0
    if failed_at:
        search = f"failed {time(failed_at)}: {code(status.entry_reason)}"
    elif status.linked_reason:
        # The list of the linked packages has the reason.
        search = f"failed {time(status.linked_at)}"
    elif status.linked_at:
        search = f"done {time(status.linked_at)}"
    else:
        search = "none yet"
    lines = [f"**Entry** {code(status.display_id or entry_id)}"]
    lines.append(f"**Search** for linked packages: {search}")
    if status.requested_at > max(status.linked_at, failed_at):
        lines.append(f"**Search** asked for {time(status.requested_at)}")
    return "\n\n".join(lines)
