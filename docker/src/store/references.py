"""What an entry refers to, as Quilt's users search it.

Source of the form: "Referenced Entities" in Quilt's documentation of its
Benchling integration; of the places, Entry in v2/stable/openapi.yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

# More names than these cost more time than they are worth; the rest is listed
# without them.
MAX_NAMES = 200

Link = dict[str, str | None]


def links_of(entry: Mapping[str, Any], name_of: Callable[[str, str], str | None]) -> list[Link]:
    """Return what an entry's notes and fields refer to, each once, in their order.

    Each has ``type``, ``id``, ``name`` (as ``name_of`` returns it for type and
    ID: None where the app may not read it), ``slug`` (from the URL, for the
    eye alone) and ``web_url``.
    """
    links: dict[tuple[str, str], Link] = {}
    for kind, object_id, url in (*_note_links(entry), *_field_links(entry)):
        key = ("", object_id) if object_id else ("url", url)
        if key[1] and key not in links:
            links[key] = {
                "type": kind,
                "id": object_id or None,
                "name": None,
                "slug": _slug(url, object_id),
                "web_url": url or None,
            }
    named = [it for it in links.values() if it["id"]][:MAX_NAMES]
    for link in named:
        link["name"] = name_of(str(link["type"]), str(link["id"]))
    return list(links.values())


def _note_links(entry: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for day in _objects(entry.get("days")):
        for note in _objects(day.get("notes")):
            for link in _objects(note.get("links")):
                yield _text(link, "type"), _text(link, "id"), _text(link, "webURL")


def _field_links(entry: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    fields = entry.get("fields")
    for field in _objects(list(fields.values()) if isinstance(fields, dict) else fields):
        kind = _text(field, "type")
        # A blob is a file of the entry itself.
        if kind.endswith("_link") and kind != "blob_link":
            value = field.get("value")
            for object_id in value if isinstance(value, list) else [value]:
                if isinstance(object_id, str):
                    yield kind.removesuffix("_link"), object_id, ""


def _slug(url: str, object_id: str) -> str | None:
    """Return what follows the object's ID in its URL: "…/bfi_1-qb-2743/edit" has "qb-2743"."""
    if not object_id:
        return None
    # URLs write an ID's underscore as a hyphen, or leave it.
    start = f"{object_id}-".replace("_", "-")
    try:
        parts = urlsplit(url).path.split("/")
    except ValueError:
        return None
    for part in parts:
        if part.replace("_", "-").startswith(start):
            return part[len(start) :] or None
    return None


def _objects(value: object) -> list[dict[str, Any]]:
    return [it for it in value if isinstance(it, dict)] if isinstance(value, list) else []


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""
