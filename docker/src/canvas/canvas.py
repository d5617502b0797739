"""What the canvas in an entry shows: the package, the last export, the files."""

from __future__ import annotations

from collections.abc import Callable
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

from ..export.export_status import FAILED, HANDED, PACKAGED, RUNNING, UNCONFIRMED, ExportStatus
from ..queues.canvas_request import FILES_A_PAGE, page_button, update_button
from ..queues.failures import reason_of

if TYPE_CHECKING:
    from ..store.package_store import Record

# Files that aren't in the package are named up to this number.
LEFT_OUT_SHOWN = 10

log = structlog.get_logger()

Blocks = list[dict[str, Any]]


@dataclass(frozen=True)
class Catalog:
    """Where packages can be looked at; ``host`` may be empty.

    ``connected`` says whether a Quilt stack makes packages of what is handed over.

    Source of the URLs: the routes of Quilt's catalog, bucketPackageTree.
    """

    bucket: str
    host: str = ""
    connected: bool = True

    def package(self, name: str, top_hash: str) -> str:
        """Return a package for Markdown: a link to the revision where there is a catalog."""
        if not self.host:
            return f"`s3://{self.bucket}/{name}/`"
        return f"[{name}]({self._url(name, top_hash)})"

    def file(self, name: str, top_hash: str, path: str) -> str:
        """Return a file of a package for Markdown: a link where there is a catalog."""
        if not self.host:
            return code(path)
        return f"[{code(path)}]({self._url(name, top_hash)}/{quote(path)})"

    def _url(self, name: str, top_hash: str) -> str:
        revision = top_hash or "latest"
        return f"https://{self.host}/b/{self.bucket}/packages/{quote(name)}/tree/{revision}"


class Canvas:
    """Draws canvases from what the worker has recorded."""

    def __init__(self, catalog: Catalog, record: Callable[[str], Record | None]) -> None:
        """Take the catalog, and what returns the record of a package's last export."""
        self._catalog = catalog
        self._record = record

    def blocks(self, entry_id: str, status: ExportStatus, page: int = 1) -> Blocks:
        """Return the blocks of an entry's canvas with a page of its files, from 1."""
        record = self._files(status)
        files = record.files if record else ()
        pages = max(-(-len(files) // FILES_A_PAGE), 1)
        page = min(max(page, 1), pages)
        shown = files[(page - 1) * FILES_A_PAGE : page * FILES_A_PAGE]
        blocks = [_text("state", self._state(entry_id, status))]
        if shown:
            # A revision that isn't confirmed yet has no URL of its own.
            top_hash = status.top_hash if status.state == PACKAGED else ""
            lines = [f"Files, page {page} of {pages}:", ""]
            lines += [
                f"- {self._catalog.file(status.package_name, top_hash, file.path)}"
                f" ({file.size:,} bytes)"
                for file in shown
            ]
            blocks.append(_text("files", "\n".join(lines)))
        if record and record.left_out:
            blocks.append(_text("left-out", _left_out(record)))
        if page > 1:
            blocks.append(_button(page_button(page - 1, entry_id), "Previous files"))
        if page < pages:
            blocks.append(_button(page_button(page + 1, entry_id), "More files"))
        # Always usable: what is asked for while an export runs comes after it.
        blocks.append(_button(update_button(entry_id), "Update package"))
        return blocks

    def _state(self, entry_id: str, status: ExportStatus) -> str:
        lines = [f"**Entry** {code(status.display_id or entry_id)}"]
        if status.package_name:
            name = self._catalog.package(status.package_name, status.top_hash)
            lines.append(f"**Package** {name}")
        at = _time(status.updated_at)
        lines.append(
            {
                RUNNING: f"**Export** running since {at}",
                HANDED: self._handed(at, status.files),
                PACKAGED: f"**Export** packaged {at}, {status.files} files",
                UNCONFIRMED: f"**Export** handed to Quilt {_time(status.handed_at)}, {status.files}"
                " files; Quilt has not confirmed the package: tell whoever runs it",
                FAILED: f"**Export** failed {at}: {code(status.reason)}",
            }.get(status.state, "**Export** none yet")
        )
        if status.requested_at > max(status.read_at, status.failed_at) and status.state != RUNNING:
            lines.append(f"**Update** asked for {_time(status.requested_at)}")
        return "\n\n".join(lines)

    def _handed(self, at: str, files: int) -> str:
        if self._catalog.connected:
            return f"**Export** handed to Quilt {at}, {files} files"
        return (
            f"**Export** stored {at}, {files} files; no Quilt stack is connected that would make"
            " a package of them: tell whoever runs the service"
        )

    def _files(self, status: ExportStatus) -> Record | None:
        """Return what the package holds; nothing where it can't be read now."""
        if not status.package_name:
            return None
        try:
            return self._record(status.package_name)
        except (BotoCoreError, ClientError) as error:
            log.warning("canvas.files_not_read", reason=reason_of(error))
            return None


def _left_out(record: Record) -> str:
    shown = record.left_out[:LEFT_OUT_SHOWN]
    lines = [f"Not in the package, {len(record.left_out)}:", ""]
    lines += [f"- {code(it.name)}: {it.reason}" for it in shown]
    if len(record.left_out) > len(shown):
        lines.append("- and more, which `input.json` of the package names")
    return "\n".join(lines)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _text(name: str, text: str) -> dict[str, Any]:
    block = MarkdownUiBlockUpdate(id=name, type=MarkdownUiBlockType.MARKDOWN, value=text)
    return dict(block.to_dict())


def _button(name: str, text: str) -> dict[str, Any]:
    block = ButtonUiBlockUpdate(id=name, type=ButtonUiBlockType.BUTTON, text=text, enabled=True)
    return dict(block.to_dict())


def code(text: str) -> str:
    """Return a text of unknown origin so that Markdown takes it literally."""
    plain = "".join(it if it.isprintable() else "?" for it in text)
    return "`" + plain.replace("`", "'") + "`"
