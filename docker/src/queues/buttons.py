"""The buttons of canvases, as quiltdata's benchling-webhook has named them first.

Those that it has drawn stay until the canvas is drawn again, which a press brings
about; those that are drawn here have names of the same form.
Source: quiltdata/benchling-webhook 0.18.0, canvas_blocks.py and pagination.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .canvas_view import CanvasView, LinkedView
from .package_name import PackageName

ENTRY = "(?P<entry>[A-Za-z0-9_-]{1,100})"
PLACE = "-p(?P<page>[0-9]{1,6})-s(?P<size>[0-9]{1,4})"
# Of the entry's own package: its files, or its metadata.
OF_THE_PACKAGE = re.compile(
    f"(?:browse-files|next-page|prev-page|(?P<metadata>view-metadata))-{ENTRY}{PLACE}"
)
# What stands for a package's name, with its bucket: an S3 key, in which the name is,
# has 1,024 bytes.
TOKEN = re.compile(r"[\w.-]{1,1000}")
# Of a package that is linked to the entry; the first "-pkg-" ends the entry's ID.
OF_A_LINKED_PACKAGE = re.compile(
    f"(?:browse|next-page|prev-page|(?P<metadata>view-metadata))-linked-"
    f"(?P<entry>[A-Za-z0-9_-]{{1,100}}?)-pkg-(?P<token>{TOKEN.pattern}){PLACE}"
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
    # The package that is linked to the entry; empty is the entry's own.
    token: str = ""

    def view(self, files_a_page: int) -> CanvasView | None:
        """Return the view with the page that has that file; None asks for an export."""
        if self.first_file is None:
            return None
        page = self.first_file // files_a_page + 1
        if self.token:
            return CanvasView(linked=LinkedView(self.token, page, self.metadata))
        return CanvasView(page, self.metadata)


def pressed_button(button: str) -> PressedButton | None:
    """Return what a button asks for; None if it is none of these."""
    if pressed := UPDATE.fullmatch(button) or ENTRY_ALONE.fullmatch(button):
        return PressedButton(pressed["entry"], None)
    if pressed := BACK.fullmatch(button):
        return PressedButton(pressed["entry"], 0)
    pressed = OF_A_LINKED_PACKAGE.fullmatch(button) or OF_THE_PACKAGE.fullmatch(button)
    if not pressed:
        return None
    named = pressed.groupdict()
    first_file = int(named["page"]) * int(named["size"])
    metadata, token = bool(named["metadata"]), named.get("token", "")
    return PressedButton(named["entry"], first_file, metadata, token)


def tokens_of(package: PackageName) -> tuple[str, str]:
    """Return what stands for a package in a button's ID.

    The first is for buttons to draw, and no other package has it. The predecessor's,
    with "--" for the slash, is the first where it can be read in one way alone: "a-/b"
    and "a/-b" have the same. The second is the one that may be on old buttons. Both
    begin with the bucket where that isn't the package bucket.
    """
    # No bucket's name has two dots in a row, or one at its end.
    bucket = f"{package.bucket}.." if package.bucket else ""
    former = package.name.replace("/", "--")
    one_way = former.find("--") == former.rfind("--")
    # No part of a name has a dot.
    token = former if one_way else package.name.replace("/", ".")
    return bucket + token, bucket + former
