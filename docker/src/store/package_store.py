"""A package's files in S3: an export's beside those of others, which stay as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

from .archive import Archive, LeftOut
from .export_record import RECORDS, Record, RecordError, StoredFile, record_key
from .objects import Objects, StoreError
from .package_export import Contents, Documents, Export, Stored
from .packages import METADATA

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = [
    "RECORDS",
    "Contents",
    "Documents",
    "LeftOut",
    "PackageStore",
    "Record",
    "StoreError",
    "Stored",
    "StoredFile",
]

log = structlog.get_logger()


class PackageStore:
    """Writes packages to S3, several files of each at once."""

    def __init__(self, client: S3Client, bucket: str, check: Callable[[], None]) -> None:
        """Take a client, and a check that raises when the work must end."""
        self._objects = Objects(client, bucket, check)

    def write(self, name: str, entry_id: str, archive: Archive, documents: Documents) -> Stored:
        """Make the package hold the archive's files and the documents of them.

        Only what an earlier export has put and recorded, and nobody has replaced
        since, is overwritten or removed. ``name`` is the package's: a file's key is
        ``NAME/PATH``. Raises StoreError, and ClientError for S3's refusals; a call
        that was broken off at any point can be repeated.
        """
        export = Export(self._objects, name, entry_id, self.record(name) or Record())
        return export.write(archive, documents)

    def record(self, name: str) -> Record | None:
        """Return what the last export recorded of a package, or None.

        A record that can't be read is none: what it lists is then nobody's to remove.
        """
        content = self._objects.read(record_key(name))
        if content is None:
            return None
        try:
            return Record.from_json(content)
        except RecordError as error:
            log.warning("export_record.rejected", package=name, reason=str(error))
            return None

    def metadata(self, name: str, record: Record) -> dict[str, Any] | None:
        """Return the metadata that the last export put into a package, or None.

        It is none, too, where somebody has put something else in its place.
        """
        path = record.document(METADATA)
        content = self._objects.read(f"{name}/{path}") if path else None
        try:
            metadata = json.loads(content or b"null")
        except (ValueError, RecursionError):
            return None
        return metadata if isinstance(metadata, dict) else None
