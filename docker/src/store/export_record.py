"""What an export has put into a package, as the next export needs to know it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .archive import LeftOut

VERSION = 1
# Beside the packages' prefixes, so that Quilt puts no record into a package.
RECORDS = ".exports"
# The size and the checksum of a document that is planned: it is made last.
UNKNOWN = -1


class Kind(StrEnum):
    """What a stored object is."""

    FILE = "file"
    DOCUMENT = "document"
    # A file of an earlier export whose newer version is damaged.
    KEPT = "kept"


class RecordError(Exception):
    """A record isn't one that this version wrote."""


@dataclass(frozen=True)
class StoredFile:
    """A file of an export: its path in the package, its name in the export, its bytes."""

    path: str
    name: str
    size: int


@dataclass(frozen=True)
class StoredObject:
    """An object that an export has put, or will put, under the package's prefix.

    ``name`` is a file's name in the export, or a document's usual name. The ETag
    is S3's, quoted as S3 quotes it, and empty while the object is planned.
    """

    path: str
    name: str
    size: int
    crc32: int
    kind: Kind
    etag: str = ""

    def is_as(self, other: StoredObject) -> bool:
        """Return whether both have the same content at the same path."""
        return (self.path, self.size, self.crc32) == (other.path, other.size, other.crc32)


@dataclass(frozen=True)
class Record:
    """What the service's exports own in a package.

    While ``export_ids`` isn't empty, an export is under way, or some have died: they
    may have put, or a late request of theirs may still put, each of ``planned``, and
    their objects carry one of these IDs. ``left_out`` is of the
    last export that came to its end.
    """

    objects: tuple[StoredObject, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    planned: tuple[StoredObject, ...] = ()
    export_ids: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """Return the files of the last export."""
        return tuple(
            StoredFile(item.path, item.name, item.size)
            for item in self.objects
            if item.kind is Kind.FILE
        )

    def document(self, name: str) -> str:
        """Return the path of a document by its usual name; empty where there is none."""
        documents = (it for it in self.objects if it.kind is Kind.DOCUMENT and it.name == name)
        return next((it.path for it in documents), "")

    def to_json(self) -> bytes:
        """Return the record as it is stored."""
        # asdict takes eight times as long, and nothing here is nested any deeper.
        fields = {
            "version": VERSION,
            "objects": [vars(it) for it in self.objects],
            "left_out": [vars(it) for it in self.left_out],
            "planned": [vars(it) for it in self.planned],
            "export_ids": self.export_ids,
        }
        return json.dumps(fields, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Record:
        """Return a stored record, or raise RecordError."""
        try:
            fields = json.loads(text)
            if fields["version"] != VERSION:
                raise RecordError(f"the record's version is {fields['version']!r}, not {VERSION}")
            return cls(
                tuple(_object(item) for item in fields["objects"]),
                tuple(LeftOut(str(it["name"]), str(it["reason"])) for it in fields["left_out"]),
                tuple(_object(item) for item in fields["planned"]),
                tuple(str(it) for it in fields["export_ids"]),
            )
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise RecordError("the record is none") from error


def _object(fields: dict[str, Any]) -> StoredObject:
    return StoredObject(
        str(fields["path"]),
        str(fields["name"]),
        int(fields["size"]),
        int(fields["crc32"]),
        Kind(fields["kind"]),
        str(fields["etag"]),
    )


def record_key(name: str) -> str:
    """Return the key of a package's record."""
    prefix, _, last = name.rpartition("/")
    return f"{prefix}/{RECORDS}/{last}.json"
