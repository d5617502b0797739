"""The buttons by which people turn pages."""

from __future__ import annotations

from collections.abc import Callable

from benchling_sdk.models import ButtonUiBlock

from .blocks import button


def pagers(button_of: Callable[[int], str], page: int, pages: int) -> list[ButtonUiBlock]:
    """Return the buttons to the pages beside one; ``button_of`` returns a page's ID.

    Both are always there: who presses one twice must not hit the other.
    """
    if pages == 1:
        return []
    previous, following = max(page - 1, 1), min(page + 1, pages)
    return [
        button(button_of(previous), "Previous files", enabled=page > 1),
        button(button_of(following), "More files", enabled=page < pages),
    ]
