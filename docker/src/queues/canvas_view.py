"""What a canvas shows: a page of a package's files, or its metadata."""

from __future__ import annotations

from dataclasses import dataclass

# The last page that a button can name.
MAX_PAGE = 999_999


@dataclass(frozen=True)
class LinkedView:
    """A view of a package that is linked to the entry.

    ``token`` stands for the package's name in a button's ID. Anybody may have written
    it: it is only ever compared with those of the packages that are linked.
    """

    token: str
    # From 1; drawn is the last page where there are fewer.
    page: int = 1
    metadata: bool = False


@dataclass(frozen=True)
class CanvasView:
    """A view of the entry's package, or of one that is linked to the entry.

    The other views have the page of the entry's own files, too, to which they lead back.
    """

    # From 1; drawn is the last page where there are fewer.
    page: int = 1
    metadata: bool = False
    linked: LinkedView | None = None


FIRST_VIEW = CanvasView()
