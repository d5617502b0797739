"""A package that is linked to an entry, on the entry's canvas: its files, or its metadata."""

from __future__ import annotations

import json
from typing import Protocol

import structlog
from benchling_sdk.models import ButtonUiBlock
from botocore.exceptions import BotoCoreError, ClientError

from ..export.export_status import ExportStatus
from ..queues.buttons import tokens_of
from ..queues.canvas_request import FILES_A_PAGE, linked_button, page_button
from ..queues.canvas_view import CanvasView, LinkedView
from ..queues.failures import reason_of
from ..store.manifests import Manifest, ManifestError
from .blocks import Block, Blocks, button, row, text
from .catalog import Catalog
from .linked_packages import linked_names
from .metadata_text import metadata_text
from .pages import pagers

log = structlog.get_logger()


class Manifests(Protocol):
    """Where the packages' manifests lie."""

    def read(self, name: str, page: int, files_a_page: int) -> Manifest:
        """Return a page of a package's files; raises ManifestError, and S3's errors."""


class LinkedPackage:
    """Draws packages that are linked to an entry, and no others."""

    def __init__(self, manifests: Manifests, catalog: Catalog) -> None:
        """Take where the manifests lie, and the catalog."""
        self._manifests = manifests
        self._catalog = catalog

    def buttons(self, entry_id: str, status: ExportStatus) -> Blocks:
        """Return a button for each linked package that a canvas names."""
        found = linked_names(status)
        if not found:
            return []
        browse = [button(linked_button(it, 1, entry_id), f"Browse {it}") for it in found]
        return [row("linked-buttons", browse)]

    def blocks(
        self, entry_id: str, status: ExportStatus, view: CanvasView, linked: LinkedView
    ) -> tuple[Blocks, list[ButtonUiBlock]]:
        """Return what shows a linked package, and the buttons that go on or back from there.

        What a button names is drawn only where the search has found it for this entry.
        """
        back = button(page_button(view.page, entry_id), "Back to package")
        names: list[str] = json.loads(status.linked)
        name = next((it for it in names if linked.token in tokens_of(it)), "")
        if not name:
            return [text("linked-package", _not_linked(status))], [back]
        try:
            manifest = self._manifests.read(name, linked.page, FILES_A_PAGE)
        except (ManifestError, BotoCoreError, ClientError) as error:
            reason = str(error) if isinstance(error, ManifestError) else reason_of(error)
            log.warning("canvas.linked_not_read", package=name, reason=reason)
            failed = f"{self._title(name, '')}\n\nIts files can't be read now"
            again = button(linked_button(name, linked.page, entry_id), "Try again")
            return [text("linked-package", failed)], [again, back]
        title = text("linked-package", self._title(name, manifest.top_hash))
        if linked.metadata:
            shown = metadata_text(manifest.metadata, "of its latest revision")
            files = button(linked_button(name, manifest.page, entry_id), "Back to files")
            return [title, text("metadata", shown)], [files, back]
        buttons = pagers(
            lambda page: linked_button(name, page, entry_id), manifest.page, manifest.pages
        )
        metadata = linked_button(name, manifest.page, entry_id, "view-metadata")
        buttons += [button(metadata, "View metadata"), back]
        return [title, self._files(name, manifest)], buttons

    def _title(self, name: str, top_hash: str) -> str:
        return f"**Linked package** {self._catalog.linked(name, top_hash)}"

    def _files(self, name: str, manifest: Manifest) -> Block:
        lines = [f"Files, page {manifest.page} of {manifest.pages}:", ""]
        lines += [
            f"- {self._catalog.file(name, manifest.top_hash, it.path, it.size)}"
            for it in manifest.files
        ] or ["- none"]
        if manifest.cut:
            lines += ["", "The package has more files, which the catalog shows"]
        return text("files", "\n".join(lines))


def _not_linked(status: ExportStatus) -> str:
    if not status.display_id:
        return "**Linked packages** are searched for after the entry's first export"
    if not status.linked_at:
        return "**Linked packages** are being searched for"
    return "**Linked package** isn't linked to this entry"
