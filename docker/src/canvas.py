"""What the canvas in an entry shows: the package, the last export, the files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import structlog
from benchling_sdk.models import (
    ButtonUiBlockType,
    ButtonUiBlockUpdate,
    MarkdownUiBlockType,
    MarkdownUiBlockUpdate,
)
from botocore.exceptions import BotoCoreError, ClientError

from .batches import reason_of
from .canvas_calls import page_button, update_button
from .entries import FAILED, PACKAGED, RUNNING, Entries, Entry

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FILES_A_PAGE = 20
# The list of a package's files, as the worker writes it beside them.
LIST_NAME = "input.json"
LIST_BYTES = 8 * 1024 * 1024
QUEUED = "An export is queued."

log = structlog.get_logger()

Blocks = list[dict[str, Any]]


@dataclass(frozen=True)
class Catalog:
    """Where packages can be looked at; ``host`` may be empty."""

    bucket: str
    host: str = ""

    def link(self, package_name: str) -> str:
        """Return the package for Markdown: a link where there is a catalog."""
        if not self.host:
            return f"`s3://{self.bucket}/{package_name}/`"
        address = f"https://{self.host}/b/{self.bucket}/packages/{quote(package_name)}"
        return f"[{package_name}]({address})"

    def file(self, package_name: str, path: str) -> str:
        """Return a file for Markdown: a link where there is a catalog."""
        if not self.host:
            return _code(path)
        key = quote(f"{package_name}/{path}")
        return f"[{_code(path)}](https://{self.host}/b/{self.bucket}/tree/{key})"


class Canvas:
    """Draws canvases from what the worker has recorded."""

    def __init__(self, entries: Entries, s3: S3Client, catalog: Catalog) -> None:
        """Take what is read; no call is made before the first canvas."""
        self._entries = entries
        self._s3 = s3
        self._catalog = catalog

    def blocks(self, entry_id: str, page: int = 0) -> Blocks:
        """Return the blocks of an entry's canvas with a page of its files, from 1.

        What can't be read now is said on the canvas: it is a view, and nothing
        depends on it.
        """
        try:
            entry = self._entries.read(entry_id)
            files = self._files(entry)
        except (BotoCoreError, ClientError, ValueError, KeyError, TypeError) as error:
            log.warning("canvas without its entry", reason=reason_of(error))
            return [
                _text("state", "The last export's state can't be read now."),
                *_update(entry_id),
            ]
        pages = max(-(-len(files) // FILES_A_PAGE), 1)
        page = min(max(page, 1), pages)
        shown = files[(page - 1) * FILES_A_PAGE : page * FILES_A_PAGE]
        blocks = [_text("state", self._standing(entry_id, entry))]
        if shown:
            lines = [f"Files, page {page} of {pages}:", ""]
            lines += [
                f"- {self._catalog.file(entry.package_name, path)} ({size:,} bytes)"
                for path, size in shown
            ]
            blocks.append(_text("files", "\n".join(lines)))
        if page > 1:
            blocks.append(_button(page_button(page - 1, entry_id), "Previous files"))
        if page < pages:
            blocks.append(_button(page_button(page + 1, entry_id), "More files"))
        return blocks + _update(entry_id, enabled=entry.state != RUNNING)

    def _standing(self, entry_id: str, entry: Entry) -> str:
        lines = [f"**Entry** {_code(entry.display_id or entry_id)}"]
        if entry.package_name:
            lines.append(f"**Package** {self._catalog.link(entry.package_name)}")
        at = datetime.fromtimestamp(entry.updated_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        lines.append(
            {
                RUNNING: f"**Export** running since {at}",
                PACKAGED: f"**Export** done {at}, {entry.files} files",
                FAILED: f"**Export** failed {at}: {_code(entry.reason)}",
            }.get(entry.state, "**Export** none yet")
        )
        return "\n\n".join(lines)

    def _files(self, entry: Entry) -> list[tuple[str, int]]:
        """Return the paths and sizes of the package's files."""
        if not entry.package_name or entry.state != PACKAGED:
            return []
        key = f"{entry.package_name}/{LIST_NAME}"
        body = self._s3.get_object(Bucket=self._catalog.bucket, Key=key)["Body"]
        try:
            content = body.read(LIST_BYTES)
        finally:
            body.close()
        return [(str(file["path"]), int(file["size"])) for file in json.loads(content)["files"]]


def queued(entry_id: str) -> Blocks:
    """Return the blocks of a canvas of which nothing more is known in time."""
    return [_text("state", QUEUED), *(_update(entry_id) if entry_id else [])]


def _text(name: str, text: str) -> dict[str, Any]:
    block = MarkdownUiBlockUpdate(id=name, type=MarkdownUiBlockType.MARKDOWN, value=text)
    return dict(block.to_dict())


def _button(name: str, text: str, *, enabled: bool = True) -> dict[str, Any]:
    block = ButtonUiBlockUpdate(id=name, type=ButtonUiBlockType.BUTTON, text=text, enabled=enabled)
    return dict(block.to_dict())


def _update(entry_id: str, *, enabled: bool = True) -> Blocks:
    return [_button(update_button(entry_id), "Update package", enabled=enabled)]


def _code(text: str) -> str:
    """Return a text of unknown origin so that Markdown takes it literally."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in text)
    return "`" + plain.replace("`", "'") + "`"
