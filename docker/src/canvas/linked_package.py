"""A package that is linked to an entry, on the entry's canvas: its files, or its metadata."""

from __future__ import annotations

from typing import Protocol

import structlog
from benchling_sdk.models import ButtonUiBlock
from botocore.exceptions import BotoCoreError, ClientError

from ..export.export_status import ExportStatus
from ..queues.buttons import tokens_of
from ..queues.canvas_request import FILES_A_PAGE, linked_button, page_button
from ..queues.canvas_view import CanvasView, LinkedView
from ..queues.failures import reason_of
from ..queues.package_name import PackageName
from ..store.manifests import Manifest, ManifestError
from .blocks import Block, Blocks, button, row, text
from .catalog import Catalog
from .linked_packages import known_packages, linked_names
from .metadata_text import metadata_text
from .pages import pagers

log = structlog.get_logger()


class Manifests(Protocol):
    """Where the packages' manifests lie."""

    def read(self, bucket: str, name: str, page: int, files_a_page: int) -> Manifest:
        """Return a page of a package's files; raises ManifestError, and S3's errors."""


class LinkedPackage:
    """Draws packages that are linked to an entry, and no others."""

    def __init__(self, manifests: Manifests, catalog: Catalog, *, exports: bool = True) -> None:
        """Take where the manifests lie, and the catalog.

        ``exports`` says whether the entry has a package of its own, to which to go back.
        """
        self._manifests = manifests
        self._catalog = catalog
        self._back = "Back to package" if exports else "Back to linked packages"
        self._begin = "the entry's first export" if exports else "the entry was read"

    def buttons(self, entry_id: str, status: ExportStatus) -> Blocks:
        """Return a button for each linked package that a canvas names."""
        found = linked_names(status, self._catalog)
        if not found:
            return []
        browse = [button(linked_button(it, 1, entry_id), f"Browse {it.label}") for it in found]
        return [row("linked-buttons", browse)]

    def blocks(
        self, entry_id: str, status: ExportStatus, view: CanvasView, linked: LinkedView
    ) -> tuple[Blocks, list[ButtonUiBlock]]:
        """Return what shows a linked package, and the buttons that go on or back from there.

        What a button names is drawn only where the search has found it for this entry.
        """
        back = button(page_button(view.page, entry_id), self._back)
        packages = known_packages(status, self._catalog)
        package = next((it for it in packages if linked.token in tokens_of(it)), None)
        if not package:
            return [text("linked-package", self._not_linked(status))], [back]
        bucket = self._catalog.bucket_of(package)
        try:
            manifest = self._manifests.read(bucket, package.name, linked.page, FILES_A_PAGE)
        except (ManifestError, BotoCoreError, ClientError) as error:
            reason = str(error) if isinstance(error, ManifestError) else reason_of(error)
            log.warning("canvas.linked_not_read", package=str(package), reason=reason)
            failed = f"{self._title(package, '')}\n\nIts files can't be read now"
            again = button(linked_button(package, linked.page, entry_id), "Try again")
            return [text("linked-package", failed)], [again, back]
        title = text("linked-package", self._title(package, manifest.top_hash))
        if linked.metadata:
            shown = metadata_text(manifest.metadata, "of its latest revision")
            files = button(linked_button(package, manifest.page, entry_id), "Back to files")
            return [title, text("metadata", shown)], [files, back]
        buttons = pagers(
            lambda page: linked_button(package, page, entry_id), manifest.page, manifest.pages
        )
        metadata = linked_button(package, manifest.page, entry_id, "view-metadata")
        buttons += [button(metadata, "View metadata"), back]
        return [title, self._files(package, manifest)], buttons

    def _title(self, package: PackageName, top_hash: str) -> str:
        return f"**Linked package** {self._catalog.linked(package, top_hash)}"

    def _files(self, package: PackageName, manifest: Manifest) -> Block:
        catalog = self._catalog.of(package)
        lines = [f"Files, page {manifest.page} of {manifest.pages}:", ""]
        lines += [
            f"- {catalog.file(package.name, manifest.top_hash, it.path, it.size)}"
            for it in manifest.files
        ] or ["- none"]
        if manifest.cut:
            lines += ["", "The package has more files, which the catalog shows"]
        return text("files", "\n".join(lines))

    def _not_linked(self, status: ExportStatus) -> str:
        if not status.display_id:
            return f"**Linked packages** are searched for after {self._begin}"
        if not status.linked_at:
            return "**Linked packages** are being searched for"
        return "**Linked package** isn't linked to this entry"
