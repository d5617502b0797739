"""What the canvas in an entry shows: the package, the last export, the files or the metadata."""

from __future__ import annotations

import time as clocks
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import structlog
from benchling_sdk.models import ButtonUiBlock
from botocore.exceptions import BotoCoreError, ClientError

from ..export.export_status import FAILED, HANDED, PACKAGED, RUNNING, UNCONFIRMED, ExportStatus
from ..queues.canvas_request import FILES_A_PAGE, metadata_button, page_button, update_button
from ..queues.canvas_view import FIRST_VIEW, CanvasView
from ..queues.failures import reason_of
from ..store.export_record import Record
from .blocks import Block, Blocks, button, code, footer, row, text, time
from .catalog import Catalog
from .linked_package import LinkedPackage
from .linked_packages import linked_text
from .metadata_text import metadata_text
from .pages import pagers

# Files that aren't in the package are named up to this number.
LEFT_OUT_SHOWN = 10

log = structlog.get_logger()


class Packages(Protocol):
    """Where the packages lie; both methods raise S3's errors."""

    def record(self, name: str) -> Record | None:
        """Return what the last export recorded of a package."""

    def metadata(self, name: str, record: Record) -> Mapping[str, Any] | None:
        """Return the metadata that the last export put into a package."""


class Canvas:
    """Draws canvases from what the worker has recorded."""

    def __init__(
        self,
        catalog: Catalog,
        packages: Packages,
        clock: Callable[[], float] = clocks.time,
        linked_by: str = "",
        linked: LinkedPackage | None = None,
    ) -> None:
        """Take the catalog, and where the packages lie.

        ``linked_by`` is the key of metadata by which packages are linked to entries, and
        ``linked`` draws those; without it, none are shown.
        """
        self._catalog = catalog
        self._packages = packages
        self._clock = clock
        self._linked_by = linked_by
        self._linked = linked

    def blocks(self, entry_id: str, status: ExportStatus, view: CanvasView = FIRST_VIEW) -> Blocks:
        """Return the blocks of an entry's canvas in a view."""
        blocks = [text("state", self._state(entry_id, status))]
        if view.linked and self._linked:
            shown, buttons = self._linked.blocks(entry_id, status, view, view.linked)
        else:
            shown, buttons = self._own_package(entry_id, status, view)
        # Always usable: what is asked for while an export runs comes after it.
        buttons.append(button(update_button(entry_id), "Update package"))
        return [*blocks, *shown, row("buttons", buttons), self._footer(status)]

    def _own_package(
        self, entry_id: str, status: ExportStatus, view: CanvasView
    ) -> tuple[Blocks, list[ButtonUiBlock]]:
        """Return what shows the entry's package and the list of linked ones, and the buttons."""
        record = self._record(status)
        pages = max(-(-len(record.files) // FILES_A_PAGE), 1) if record else 1
        page = min(max(view.page, 1), pages)
        if record and view.metadata:
            metadata = text("metadata", self._metadata(status.package_name, record))
            return [metadata], [button(page_button(page, entry_id), "Back to files")]
        blocks: Blocks = []
        if self._linked and status.display_id:
            blocks.append(text("linked", linked_text(status, self._catalog, self._linked_by)))
            blocks += self._linked.buttons(entry_id, status)
        if not record:
            return blocks, []
        blocks += self._files(status, record, page, pages)
        buttons = pagers(lambda it: page_button(it, entry_id), page, pages)
        return blocks, [*buttons, button(metadata_button(page, entry_id), "View metadata")]

    def _files(self, status: ExportStatus, record: Record, page: int, pages: int) -> Blocks:
        shown = record.files[(page - 1) * FILES_A_PAGE : page * FILES_A_PAGE]
        blocks = []
        if shown:
            # A revision that isn't confirmed yet has no URL of its own.
            top_hash = status.top_hash if status.state == PACKAGED else ""
            lines = [f"Files, page {page} of {pages}:", ""]
            lines += [
                f"- {self._catalog.file(status.package_name, top_hash, file.path, file.size)}"
                for file in shown
            ]
            blocks.append(text("files", "\n".join(lines)))
        if record.left_out:
            blocks.append(text("left-out", _left_out(record)))
        return blocks

    def _metadata(self, package_name: str, record: Record) -> str:
        try:
            metadata = self._packages.metadata(package_name, record)
        except (BotoCoreError, ClientError) as error:
            log.warning("canvas.metadata_not_read", reason=reason_of(error))
            return "**Metadata** can't be read now: press a button to try again"
        if metadata is None:
            return "**Metadata** of an export isn't in the package: update the package"
        return metadata_text(metadata)

    def _state(self, entry_id: str, status: ExportStatus) -> str:
        lines = [f"**Entry** {code(status.display_id or entry_id)}"]
        if status.package_name:
            package = self._catalog.package(status.package_name, status.top_hash, status.display_id)
            lines.append(f"**Package** {package}")
        at = time(status.updated_at)
        lines.append(
            {
                RUNNING: f"**Export** running since {at}",
                HANDED: self._handed(at, status.files),
                PACKAGED: f"**Export** packaged {at}, {status.files} files",
                UNCONFIRMED: f"**Export** handed to Quilt {time(status.handed_at)}, {status.files}"
                " files; Quilt has not confirmed the package: tell whoever runs it",
                FAILED: f"**Export** failed {at}: {code(status.reason)}",
            }.get(status.state, "**Export** none yet")
        )
        if status.requested_at > max(status.read_at, status.failed_at) and status.state != RUNNING:
            lines.append(f"**Update** asked for {time(status.requested_at)}")
        return "\n\n".join(lines)

    def _handed(self, at: str, files: int) -> str:
        if self._catalog.connected:
            return f"**Export** handed to Quilt {at}, {files} files"
        return (
            f"**Export** stored {at}, {files} files; no Quilt stack is connected that would make"
            " a package of them: tell whoever runs the service"
        )

    def _footer(self, status: ExportStatus) -> Block:
        state = status.state or "none yet"
        if state == HANDED and not self._catalog.connected:
            state = "stored"
        return footer(f"Export {state}", self._clock())

    def _record(self, status: ExportStatus) -> Record | None:
        """Return what the package holds; nothing where it can't be read now."""
        if not status.package_name:
            return None
        try:
            return self._packages.record(status.package_name)
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
