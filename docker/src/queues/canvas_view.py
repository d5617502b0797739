"""What a canvas shows of a package: a page of its files, or its metadata."""

from __future__ import annotations

from dataclasses import dataclass

# The last page that a button can name.
MAX_PAGE = 999_999


@dataclass(frozen=True)
class CanvasView:
    """A view of a package.

    The metadata has the page of the files, too, to which its view leads back.
    """

    # From 1; drawn is the last page where there are fewer.
    page: int = 1
    metadata: bool = False


FIRST_VIEW = CanvasView()
