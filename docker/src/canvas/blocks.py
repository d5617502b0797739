"""The blocks that canvases are made of, and how texts are written in them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from benchling_sdk.models import (
    ButtonUiBlock,
    ButtonUiBlockType,
    MarkdownUiBlockType,
    MarkdownUiBlockUpdate,
    SectionUiBlockType,
    SectionUiBlockUpdate,
)

from ..runtime.version import VERSION

Block = dict[str, Any]
Blocks = list[Block]


def text(name: str, markdown: str) -> Block:
    """Return a block of Markdown."""
    block = MarkdownUiBlockUpdate(id=name, type=MarkdownUiBlockType.MARKDOWN, value=markdown)
    return dict(block.to_dict())


def button(name: str, label: str, *, enabled: bool = True) -> ButtonUiBlock:
    """Return a button for a row."""
    return ButtonUiBlock(id=name, type=ButtonUiBlockType.BUTTON, text=label, enabled=enabled)


def row(name: str, buttons: list[ButtonUiBlock]) -> Block:
    """Return a section, which shows its buttons side by side."""
    block = SectionUiBlockUpdate(id=name, type=SectionUiBlockType.SECTION, children=[*buttons])
    return dict(block.to_dict())


def footer(state: str, seconds: float) -> Block:
    """Return the last block: a state in few words, which version has drawn it, and when."""
    return text("footer", f"*{state} · benchling-webhook {VERSION} · drawn {time(seconds)}*")


def time(seconds: float) -> str:
    """Return a time since the epoch as people read it, with its zone."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def code(content: str) -> str:
    """Return a text of unknown origin so that Markdown takes it literally."""
    plain = "".join(it if it.isprintable() else "?" for it in content)
    return "`" + plain.replace("`", "'") + "`"
