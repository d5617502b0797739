"""The buttons of canvases, as quiltdata's benchling-webhook has named them first.

Those that it has drawn stay until the canvas is drawn again, which a press brings
about; those that are drawn here have names of the same form.
Source: quiltdata/benchling-webhook 0.18.0, canvas_blocks.py and pagination.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .canvas_view import CanvasView

ENTRY = "(?P<entry>[A-Za-z0-9_-]{1,100})"
PLACE = "-p(?P<page>[0-9]{1,6})-s(?P<size>[0-9]{1,4})"
# Of the entry's own package: its files, or its metadata.
OF_THE_PACKAGE = re.compile(
    f"(?:browse-files|next-page|prev-page|(?P<metadata>view-metadata))-{ENTRY}{PLACE}"
)
# Of a package that is linked to the entry; its name isn't needed.
OF_A_LINKED_PACKAGE = re.compile(
    f"(?:browse|next-page|prev-page|view-metadata)-linked-{ENTRY}-pkg-.{{1,300}}{PLACE}"
)
BACK = re.compile(f"back-to-package-{ENTRY}")
# Its first releases had one button, whose ID was the entry's.
UPDATE = re.compile(f"update-package-{ENTRY}")
ENTRY_ALONE = re.compile(
    "(?P<entry>etr_[A-Za-z0-9]{1,96}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)


@dataclass(frozen=True)
class PressedButton:
    """What a press asks for."""

    entry_id: str
    # The first file to show, from 0; None asks for an export.
    first_file: int | None
    metadata: bool = False

    def view(self, files_a_page: int) -> CanvasView | None:
        """Return the view with the page that has that file; None asks for an export."""
        if self.first_file is None:
            return None
        return CanvasView(self.first_file // files_a_page + 1, self.metadata)


def pressed_button(button: str) -> PressedButton | None:
    """Return what a button asks for; None if it is none of these.

    What has no counterpart, such as a linked package, shows the first page.
    """
    if pressed := UPDATE.fullmatch(button) or ENTRY_ALONE.fullmatch(button):
        return PressedButton(pressed["entry"], None)
    if pressed := OF_A_LINKED_PACKAGE.fullmatch(button) or BACK.fullmatch(button):
        return PressedButton(pressed["entry"], 0)
    if pressed := OF_THE_PACKAGE.fullmatch(button):
        first_file = int(pressed["page"]) * int(pressed["size"])
        return PressedButton(pressed["entry"], first_file, bool(pressed["metadata"]))
    return None
