"""A package: its name, and the files that say where its content comes from.

docs/packages.md describes each file and field.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..runtime.errors import PermanentError
from .package_export import TRIGGER_DOCUMENT, Contents, Documents
from .references import Link

# The package's metadata in Quilt.
METADATA = "entry.json"
# What Quilt allows in each half of a package's name.
NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


class PackageNameError(PermanentError):
    """Every name that an entry's package could have is another entry's."""


@dataclass(frozen=True)
class Package:
    """Where an entry's package is, and what the last export made of it."""

    bucket: str
    name: str
    display_id: str
    # How many files the export has in it, and how many not.
    files: int = 0
    left_out: int = 0
    # Where the metadata is, below the package's prefix.
    metadata: str = METADATA
    # Tells whether anything below the prefix has changed.
    fingerprint: str = ""
    # When the entry was read, in seconds since the epoch.
    read_at: float = 0

    def as_item(self) -> dict[str, Any]:
        """Return the package as the claim records it."""
        return asdict(self)


def display_id_of(entry: Mapping[str, Any]) -> str:
    """Return an entry's display ID, or its ID where that can't be in a package's name."""
    display_id = entry.get("displayId")
    if isinstance(display_id, str) and NAME.fullmatch(display_id):
        return display_id
    return str(entry["id"])


def package_of(
    bucket: str, prefix: str, entry: Mapping[str, Any], own: Callable[[str], bool]
) -> Package:
    """Return the package of an entry, named by its display ID where it has a usable one.

    ``own`` takes a package's name for the entry, or returns False if it is another
    entry's: two projects or registries can give the same display ID. The second
    entry's package has its ID in its name. Raises PackageNameError if no name is free.
    """
    entry_id, display_id = str(entry["id"]), display_id_of(entry)
    for last in dict.fromkeys((display_id, f"{display_id}_{entry_id}", entry_id)):
        if NAME.fullmatch(last) and own(f"{prefix}/{last}"):
            return Package(bucket, f"{prefix}/{last}", display_id)
    raise PackageNameError(f"other entries have the packages {prefix}/{display_id} and alike")


def documents_of(
    package: Package,
    entry: Mapping[str, Any],
    links: Sequence[Link],
    trigger: Mapping[str, Any],
) -> Documents:
    """Return what makes the package's own files of an export's contents.

    The trigger is in the TRIGGER_DOCUMENT alone: an event that changes nothing
    makes no new version of any file.
    """

    def documents(contents: Contents) -> dict[str, bytes]:
        return {
            METADATA: _json(metadata_of(package, entry, links, contents)),
            "entry_data.json": _json(entry),
            TRIGGER_DOCUMENT: _json({**trigger, **_listed(contents)}),
            "links.json": _json({"entry_id": entry["id"], "links": list(links)}),
            "README.md": _readme(package, entry, contents),
        }

    return documents


def metadata_of(
    package: Package, entry: Mapping[str, Any], links: Sequence[Link], contents: Contents
) -> dict[str, Any]:
    """Return what a search in the catalog finds: Quilt's documented names, and ours.

    Source: "Auto-Packaging" in Quilt's documentation of its Benchling integration.
    """
    authors = entry.get("authors")
    schema = entry.get("schema")
    return {
        "authors": [
            person
            for it in (authors if isinstance(authors, list) else ())
            if (person := _person(it))
        ],
        "created_at": entry.get("createdAt"),
        "creator": _person(entry.get("creator")),
        "display_id": package.display_id,
        "entry_id": entry["id"],
        "files": [{"path": file.path, "size": file.size} for file in contents.files],
        "folder_id": entry.get("folderId"),
        "links": [{key: link[key] for key in ("type", "id", "name", "slug")} for link in links],
        "modified_at": entry.get("modifiedAt"),
        "name": entry.get("name"),
        "schema": schema.get("name") if isinstance(schema, dict) else None,
        "web_url": entry.get("webURL"),
    }


def _person(user: object) -> str | None:
    """Return a user as "Name <handle@id>", or what is known of that."""
    if not isinstance(user, dict):
        return None
    name, handle, user_id = (
        text if isinstance(text := user.get(key), str) else "" for key in ("name", "handle", "id")
    )
    address = "@".join(part for part in (handle, user_id) if part)
    return " ".join(part for part in (name, f"<{address}>" if address else "") if part) or None


def _listed(contents: Contents) -> dict[str, Any]:
    """Return every file, with its name in the export where the package has another."""
    return {
        "files": [
            {"path": it.path, "size": it.size, **({"name": it.name} if it.name != it.path else {})}
            for it in contents.files
        ],
        "left_out": [{"name": it.name, "reason": it.reason} for it in contents.left_out],
    }


def _readme(package: Package, entry: Mapping[str, Any], contents: Contents) -> bytes:
    title = _line(entry.get("name") or package.display_id)
    lines = [f"# {title}", "", f"Benchling entry {package.display_id} (`{entry['id']}`)."]
    if isinstance(url := entry.get("webURL"), str) and url:
        lines += ["", f"[Open in Benchling]({_line(url)})"]
    lines += ["", "| File | Bytes |", "| --- | ---: |"]
    lines += [f"| {_cell(it.path)} | {it.size} |" for it in contents.files]
    renamed = [it for it in contents.files if it.name != it.path]
    if renamed:
        lines += ["", "## Renamed", "", "| File | Name in the export |", "| --- | --- |"]
        lines += [f"| {_cell(it.path)} | {_cell(it.name)} |" for it in renamed]
    if contents.left_out:
        lines += [
            "",
            "## Not in the package",
            "",
            "| Name in the export | Reason |",
            "| --- | --- |",
        ]
        lines += [f"| {_cell(it.name)} | {_line(it.reason)} |" for it in contents.left_out]
    # A title may hold half a character.
    return ("\n".join(lines) + "\n").encode(errors="replace")


def _line(text: object) -> str:
    return " ".join(str(text).split())


def _cell(name: str) -> str:
    """Return a name for a cell of a Markdown table; what can't be seen is as in JSON."""
    plain = "".join(
        it
        if it.isprintable() or unicodedata.category(it) == "Zs" or it in "\u00ad\u200d"
        else json.dumps(it)[1:-1]
        for it in name
    )
    return "`" + plain.replace("`", "'").replace("|", "\\|") + "`"


def _json(value: object) -> bytes:
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    # Half a character becomes its escape, which JSON has for it.
    return (text + "\n").encode(errors="backslashreplace")
