"""One export of a package: what it changes in S3, and what it leaves as it is."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace

from isal import isal_zlib

from .archive import Archive, LeftOut, Member, MemberError
from .export_record import UNKNOWN, Kind, Record, StoredFile, StoredObject, record_key
from .member_names import shown
from .objects import Objects
from .placement import Places, placed
from .uploads import PART_BYTES, Uploads

# The document that says what caused the export: alone, it is no change.
TRIGGER_DOCUMENT = "input.json"
# The user metadata of each object that an export puts.
ENTRY_LABEL = "benchling-entry"
EXPORT_LABEL = "benchling-export"


@dataclass(frozen=True)
class Contents:
    """What an export holds: the files as they are placed, and what had to be left out."""

    files: tuple[StoredFile, ...]
    left_out: tuple[LeftOut, ...]


# Makes the service's own files of the contents, by their usual names. It is asked
# twice, before the upload and after it, and the names must be the same.
Documents = Callable[[Contents], dict[str, bytes]]


@dataclass(frozen=True)
class Stored:
    """What an export has made of a package.

    ``documents`` are the paths of the service's own files by their usual names.
    ``changed`` is whether an object was put or removed since an export last came to
    its end. ``fingerprint`` is the SHA-256 over the keys and ETags of all objects
    under the package's prefix.
    """

    contents: Contents
    documents: dict[str, str]
    changed: bool
    fingerprint: str


class Export:
    """One export of a package."""

    def __init__(self, objects: Objects, name: str, entry_id: str, earlier: Record) -> None:
        """Find out what lies under the prefix, and what of it is ours."""
        self._objects = objects
        self._name = name
        self._id = uuid.uuid4().hex
        self._earlier = earlier
        self._labels = {ENTRY_LABEL: entry_id, EXPORT_LABEL: self._id}
        self._listed = {
            key.removeprefix(f"{name}/"): etag for key, etag in objects.etags(f"{name}/").items()
        }
        self._ours = self._still_ours()
        self._planned: list[StoredObject] = []
        self._begun = False
        # An export that died may have changed something of which nobody has heard.
        self._changed = bool(earlier.export_ids)

    def write(self, archive: Archive, documents: Documents) -> Stored:
        """Upload what is new, then remove what is stale, then record it."""
        places = self._places(archive, documents)
        after: dict[str, StoredObject] = {}
        left_out = list(archive.left_out)
        self._planned = [file for file, _ in places.members if not self._has(file)]
        self._planned += [
            StoredObject(path, usual, UNKNOWN, UNKNOWN, Kind.DOCUMENT)
            for usual, path in places.documents.items()
        ]
        with self._objects.uploads() as uploads:
            self._write_files(archive, places, after, left_out, uploads)
        files = tuple(
            StoredFile(item.path, item.name, item.size)
            for item in after.values()
            if item.kind is Kind.FILE
        )
        contents = Contents(files, tuple(left_out))
        with self._objects.uploads() as uploads:
            self._write_documents(documents(contents), places.documents, after, uploads)
        self._remove([path for path in self._ours if path not in after])
        record = Record(tuple(after.values()), contents.left_out)
        if self._begun or record != self._earlier:
            self._objects.write(record_key(self._name), record.to_json())
        return Stored(contents, places.documents, self._changed, self._fingerprint())

    def _still_ours(self) -> dict[str, StoredObject]:
        """Return what an earlier export has put and nobody has replaced, by its path."""
        ours = {
            item.path: item
            for item in self._earlier.objects
            if self._listed.get(item.path) == item.etag
        }
        for item in self._earlier.planned:
            if item.path in ours or item.path not in self._listed:
                continue
            etag, labels = self._objects.head(self._key(item.path))
            if labels.get(EXPORT_LABEL) in self._earlier.export_ids:
                ours[item.path] = replace(item, etag=etag)
        return ours

    def _places(self, archive: Archive, documents: Documents) -> Places:
        files = tuple(StoredFile(it.path, it.name, it.size) for it in archive.members)
        usual = documents(Contents(files, archive.left_out))
        # A key that ends in a slash is a directory in S3's console, and none for Quilt.
        foreign = [
            path for path in self._listed if path not in self._ours and not path.endswith("/")
        ]
        return placed(archive.members, usual, foreign)

    def _write_files(
        self,
        archive: Archive,
        places: Places,
        after: dict[str, StoredObject],
        left_out: list[LeftOut],
        uploads: Uploads,
    ) -> None:
        """Upload what is new, in the ZIP's order; what can't be is left out."""
        etags: dict[str, Future[str]] = {}
        for file, member in places.members:
            if self._has(file):
                after[file.path] = replace(file, etag=self._ours[file.path].etag)
                continue
            try:
                etags[file.path] = self._upload(file, archive, member, uploads)
                after[file.path] = file
            except MemberError as error:
                reason = str(error)
                if kept := self._ours.get(file.path):
                    after[file.path] = replace(kept, kind=Kind.KEPT)
                    reason += "; the version of an earlier export stays"
                left_out.append(LeftOut(shown(file.name), reason))
        for path, etag in etags.items():
            after[path] = self._seen(replace(after[path], etag=etag.result()))

    def _upload(
        self, file: StoredObject, archive: Archive, member: Member, uploads: Uploads
    ) -> Future[str]:
        content = archive.open(member)
        if file.size <= PART_BYTES:
            return self._put(file, content.read(), uploads)
        self._begin()
        key = self._key(file.path)
        return self._objects.upload(key, content, file.crc32, self._labels, uploads)

    def _write_documents(
        self,
        bodies: Mapping[str, bytes],
        paths: Mapping[str, str],
        after: dict[str, StoredObject],
        uploads: Uploads,
    ) -> None:
        wanted = {
            usual: StoredObject(
                paths[usual], usual, len(body), isal_zlib.crc32(body), Kind.DOCUMENT
            )
            for usual, body in bodies.items()
        }
        stale = self._ours.keys() - after.keys() - set(paths.values())
        differing = {usual for usual, item in wanted.items() if not self._has(item)}
        trigger = self._ours.get(paths.get(TRIGGER_DOCUMENT, ""))
        nothing_else = differing == {TRIGGER_DOCUMENT} and not (self._changed or stale)
        if trigger and nothing_else:
            differing.clear()
            wanted[TRIGGER_DOCUMENT] = trigger
        etags = {
            usual: self._put(wanted[usual], bodies[usual], uploads)
            for usual in wanted
            if usual in differing
        }
        for usual, item in wanted.items():
            if usual in differing:
                after[item.path] = self._seen(replace(item, etag=etags[usual].result()))
            else:
                after[item.path] = replace(item, etag=self._ours[item.path].etag)

    def _put(self, item: StoredObject, content: bytes, uploads: Uploads) -> Future[str]:
        self._begin()
        replaced = self._ours.get(item.path)
        return uploads.submit(
            len(content),
            self._objects.put,
            self._key(item.path),
            content,
            item.crc32,
            self._labels,
            replaced.etag if replaced else "",
        )

    def _remove(self, paths: list[str]) -> None:
        # Somebody's own copy of the same bytes has the same ETag, and no label.
        paths = [path for path in paths if ENTRY_LABEL in self._objects.head(self._key(path))[1]]
        if paths:
            self._begin()
            self._changed = True
            self._objects.delete((self._key(path), self._ours[path].etag) for path in paths)
            for path in paths:
                del self._listed[path]

    def _begin(self) -> None:
        """Record what is planned before the first object is touched."""
        if self._begun:
            return
        planned = {item.path: item for item in (*self._earlier.planned, *self._planned)}
        record = Record(
            tuple(self._ours.values()),
            self._earlier.left_out,
            tuple(planned.values()),
            (*self._earlier.export_ids, self._id),
        )
        self._objects.write(record_key(self._name), record.to_json())
        self._begun = True

    def _seen(self, item: StoredObject) -> StoredObject:
        self._listed[item.path] = item.etag
        self._changed = True
        return item

    def _has(self, item: StoredObject) -> bool:
        """Return whether an earlier export has put the same content at the same path."""
        found = self._ours.get(item.path)
        return found is not None and found.is_as(item)

    def _key(self, path: str) -> str:
        return f"{self._name}/{path}"

    def _fingerprint(self) -> str:
        state = hashlib.sha256()
        for path, etag in sorted(self._listed.items()):
            # A key holds no NUL.
            state.update(f"{self._key(path)}\0{etag}\0".encode())
        return state.hexdigest()
