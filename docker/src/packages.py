"""A package's files in S3: the export's, and what says where they come from."""

from __future__ import annotations

import json
import mimetypes
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Any

from boto3.s3.transfer import TransferConfig

from .archive import Archive, ArchiveError, Member

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# One part in memory for each entry that is worked on, not ten as by default, and
# of the smallest size that S3 takes. Its limit of 10,000 parts is then 48 GiB.
PART_BYTES = 5 * 1024**2
TRANSFER = TransferConfig(
    multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, use_threads=False
)
DELETE_AT_ONCE = 1000
METADATA = "entry.json"
OWN_NAMES = frozenset({METADATA, "entry_data.json", "input.json", "README.md"})
# What Quilt allows in each half of a package's name.
NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True)
class Package:
    """Where an entry's package is, and how many files it has."""

    bucket: str
    name: str
    display_id: str
    files: int = 0

    @property
    def prefix(self) -> str:
        """Return the prefix of the keys, with its slash."""
        return f"{self.name}/"

    def as_item(self) -> dict[str, Any]:
        """Return the package as the claim records it."""
        return asdict(self)


def package_of(bucket: str, prefix: str, entry: dict[str, Any]) -> Package:
    """Return the package of an entry: named by its display ID where it has a usable one."""
    display_id = entry.get("displayId")
    if not isinstance(display_id, str) or not NAME.fullmatch(display_id):
        display_id = str(entry["id"])
    return Package(bucket, f"{prefix}/{display_id}", display_id)


class PackageStore:
    """Writes packages to S3, one file after the other."""

    def __init__(self, client: S3Client, check: Callable[[], None]) -> None:
        """Take a client, and a check that raises when the work must end."""
        self._client = client
        self._check = check

    def write(
        self,
        package: Package,
        archive: Archive,
        entry: dict[str, Any],
        trigger: dict[str, Any],
    ) -> int:
        """Write all files, then remove what an earlier export left; return their number."""
        listed: list[dict[str, Any]] = []
        for path, member in _placed(archive).items():
            with archive.open(member) as content:
                self._put(package, path, _Watched(content, self._check))
            listed.append({"path": path, "size": member.size})
        own = {
            METADATA: _json(_metadata(package, entry, trigger)),
            "entry_data.json": _json(entry),
            "input.json": _json({**trigger, "files": listed}),
            "README.md": _readme(package, entry, listed),
        }
        for path, text in own.items():
            self._check()
            self._client.put_object(
                Bucket=package.bucket,
                Key=package.prefix + path,
                Body=text,
                ContentType=_type(path),
            )
        kept = {package.prefix + path for path in own}
        kept.update(package.prefix + file["path"] for file in listed)
        self._remove_all_but(package, kept)
        return len(kept)

    def _put(self, package: Package, path: str, content: _Watched) -> None:
        try:
            self._client.upload_fileobj(
                content,  # type: ignore[arg-type]  # only read() is asked of it
                package.bucket,
                package.prefix + path,
                ExtraArgs={"ContentType": _type(path)},
                Config=TRANSFER,
            )
        except (zipfile.BadZipFile, EOFError) as error:
            raise ArchiveError(f"{path[:100]!a}: is damaged") from error

    def _remove_all_but(self, package: Package, kept: set[str]) -> None:
        stale = [key for key in self._keys(package) if key not in kept]
        for start in range(0, len(stale), DELETE_AT_ONCE):
            self._check()
            answer = self._client.delete_objects(
                Bucket=package.bucket,
                Delete={
                    "Objects": [{"Key": key} for key in stale[start : start + DELETE_AT_ONCE]],
                    "Quiet": True,
                },
            )
            if errors := answer.get("Errors"):
                raise StoreError(
                    f"{len(errors)} stale files can't be deleted ({errors[0]['Code']})"
                )

    def _keys(self, package: Package) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=package.bucket, Prefix=package.prefix
        )
        for page in pages:
            self._check()
            yield from (item["Key"] for item in page.get("Contents", ()))


class StoreError(Exception):
    """The package isn't whole; the text says what is missing."""


class _Watched:
    """A stream that ends by an exception when the work must end."""

    def __init__(self, stream: IO[bytes], check: Callable[[], None]) -> None:
        self._stream = stream
        self._check = check

    def read(self, size: int = -1, /) -> bytes:
        self._check()
        return self._stream.read(size)


def _placed(archive: Archive) -> dict[str, Member]:
    """Return the members by their path in the package, which has files of its own."""
    placed: dict[str, Member] = {}
    for member in archive.members:
        path = f"export/{member.path}" if member.path in OWN_NAMES else member.path
        if path in placed:
            raise ArchiveError(f"{path!a}: is in the export twice")
        placed[path] = member
    return placed


def _metadata(package: Package, entry: dict[str, Any], trigger: dict[str, Any]) -> dict[str, Any]:
    """Return what a search in the catalog should find."""
    known = ("name", "webURL", "createdAt", "modifiedAt", "folderId")
    authors = [author.get("name", "") for author in entry.get("authors") or ()]
    return {
        "entry_id": entry["id"],
        "display_id": package.display_id,
        **{name: entry[name] for name in known if entry.get(name) is not None},
        "authors": authors,
        "schema": (entry.get("schema") or {}).get("name"),
        "webhook_id": trigger["webhook_id"],
        "event": trigger["type"],
    }


def _readme(package: Package, entry: dict[str, Any], files: list[dict[str, Any]]) -> bytes:
    title = str(entry.get("name") or package.display_id).replace("\n", " ")
    lines = [f"# {title}", "", f"Benchling entry {package.display_id} (`{entry['id']}`)."]
    if address := entry.get("webURL"):
        lines += ["", f"[Open in Benchling]({address})"]
    lines += ["", "| File | Bytes |", "| --- | ---: |"]
    lines += [f"| `{file['path']}` | {file['size']} |" for file in files]
    return ("\n".join(lines) + "\n").encode()


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _type(path: str) -> str:
    kind, encoding = mimetypes.guess_type(path)
    return kind if kind and not encoding else "application/octet-stream"
