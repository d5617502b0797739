"""A package's metadata as Markdown: each field in a line, lists by their first items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from ..store.packages import METADATA
from .blocks import code

# A list's items are shown up to this number, and a text up to this length.
ITEMS_SHOWN = 10
TEXT_SHOWN = 300
# First what says which entry it is, and the long lists last; others in between.
FIRST = ("display_id", "name", "entry_id", "authors", "creator", "created_at", "modified_at")
LAST = ("links", "files")


def metadata_text(metadata: Mapping[str, Any], origin: str = "as the last export wrote it") -> str:
    """Return metadata for a canvas; ``origin`` says whose word it is."""
    others = sorted(metadata.keys() - {*FIRST, *LAST})
    lines = [f"**Metadata** {origin}:", ""]
    for name in (*FIRST, *others, *LAST):
        if name in metadata:
            lines += _field(name, metadata[name])
    return "\n".join(lines)


def _field(name: str, value: object) -> Iterator[str]:
    title = f"- **{name}**" if name.isidentifier() else f"- {code(name)}"
    if not isinstance(value, list):
        yield f"{title}: {_link(value) if name == 'web_url' else _shown(value)}"
        return
    yield f"{title}: {len(value) or 'none'}"
    for item in value[:ITEMS_SHOWN]:
        yield f"  - {_shown(item)}"
    if len(value) > ITEMS_SHOWN:
        yield f"  - and more, which `{METADATA}` of the package has"


def _shown(value: object) -> str:
    try:
        return _item(value)
    except RecursionError:
        return "nested too deeply"


def _item(value: object) -> str:
    """Return a value in a line; of an object the values that it has."""
    if value is None or value == "":
        return "none"
    if isinstance(value, dict):
        return " ".join(_item(it) for it in value.values() if it not in (None, "")) or "none"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return code(str(value)[:TEXT_SHOWN])


def _link(url: object) -> str:
    """Return a web page's link; what is none is text."""
    try:
        is_page = isinstance(url, str) and urlsplit(url).scheme == "https"
        address = quote(str(url), safe="/:?&=%#@+,;~") if is_page else ""
    except ValueError:
        address = ""
    return f"[{code(str(url)[:TEXT_SHOWN])}]({address})" if address else _shown(url)
