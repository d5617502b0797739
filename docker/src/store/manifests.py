"""The manifests of Quilt's packages: which files a package's latest revision has.

Source: Quilt's documentation, "Package Manifest" of its mental model (a line of JSON for
the package, then one for each file), and quilt3's registry (where both lie in a bucket).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .objects import Objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Of a manifest so much is read, in bytes: some 200,000 files.
MAX_MANIFEST = 64 * 1024 * 1024
READ_AT_ONCE = 1024 * 1024
# Longer than the metadata of any package.
MAX_LINE = 8 * 1024 * 1024
TOP_HASH = re.compile("[0-9a-f]{64}")


class ManifestError(Exception):
    """A package has no revision that can be read; the text says why."""


@dataclass(frozen=True)
class PackageFile:
    """A file of a package; its size is in bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """A part of what a package's latest revision has."""

    top_hash: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    # The files of the page, which is the last one where there are fewer.
    files: tuple[PackageFile, ...] = ()
    page: int = 1
    pages: int = 1
    # Whether there is more than was read.
    cut: bool = False


class Manifests:
    """Reads the manifests of buckets. S3's refusals are raised as ClientError."""

    def __init__(self, client: S3Client, check: Callable[[], None]) -> None:
        """Take a client, and a check that raises when the work must end."""
        self._client, self._check = client, check

    def read(self, bucket: str, name: str, page: int, files_a_page: int) -> Manifest:
        """Return a page of the files of a bucket's package, and the package's metadata.

        Raises ManifestError for what isn't as Quilt writes it.
        """
        objects = Objects(self._client, bucket, self._check)
        pointer = objects.read(f".quilt/named_packages/{name}/latest")
        if pointer is None:
            raise ManifestError("the package has no revision")
        top_hash = pointer.decode(errors="replace").strip()
        # What is in the pointer becomes a part of a key.
        if not TOP_HASH.fullmatch(top_hash):
            raise ManifestError("the package's latest revision isn't named by a hash")
        body = self._client.get_object(Bucket=bucket, Key=f".quilt/packages/{top_hash}")
        with closing(body["Body"]) as stream:
            lines = Lines(iter(lambda: stream.read(READ_AT_ONCE), b""))
            return _manifest(top_hash, lines, page, files_a_page)


class Lines:
    """The lines of a manifest, up to the bound; ``cut`` says whether there are more."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        """Take the manifest in pieces."""
        self._chunks = chunks
        self.cut = False

    def __iter__(self) -> Iterator[bytes]:
        """Return each line that isn't empty; raises ManifestError for an endless one."""
        size, rest = 0, b""
        for chunk in self._chunks:
            size += len(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            yield from filter(None, lines)
            if len(rest) > MAX_LINE:
                raise ManifestError(f"a line of the manifest is longer than {MAX_LINE:,} bytes")
            if size >= MAX_MANIFEST:
                self.cut = True
                return
        if rest:
            yield rest


def _manifest(top_hash: str, lines: Lines, page: int, files_a_page: int) -> Manifest:
    """Return the page of the lines, of which no more than two pages are held at once."""
    every = iter(lines)
    first = _parsed(next(every, b""))
    # The page that is asked for, or what may be the last one.
    shown: list[bytes] = []
    count = 0
    for count, line in enumerate(every, 1):
        if count <= page * files_a_page:
            if (count - 1) % files_a_page == 0:
                shown = []
            shown.append(line)
    pages = max(-(-count // files_a_page), 1)
    metadata = first.get("user_meta")
    return Manifest(
        top_hash,
        metadata if isinstance(metadata, dict) else {},
        tuple(_file(_parsed(line)) for line in shown),
        min(page, pages),
        pages,
        lines.cut,
    )


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ManifestError("a line of the manifest is no JSON") from error
    if not isinstance(value, dict):
        raise ManifestError("a line of the manifest is no object")
    return value


def _file(line: Mapping[str, Any]) -> PackageFile:
    path, size = line.get("logical_key"), line.get("size")
    if not isinstance(path, str):
        raise ManifestError("a file of the manifest has no path")
    # Half a character is in no URL.
    path = path.encode(errors="replace").decode()
    return PackageFile(path, size if isinstance(size, int) else 0)
