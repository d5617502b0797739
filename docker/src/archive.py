"""An export's ZIP: what is in it, refused before the first byte is unpacked."""

from __future__ import annotations

import stat
import zipfile
from dataclasses import dataclass
from typing import IO

# What a notebook entry can reasonably hold. A declared size is binding: zipfile
# reads no byte more, and compares the checksum.
MAX_MEMBERS = 10_000
MAX_BYTES = 20 * 1024**3
# Deflate can't do better than 1:1032; text rarely does better than 1:20.
MAX_RATIO = 200
# Below this size a member isn't suspicious at any ratio.
RATIO_FROM_BYTES = 16 * 1024**2
# S3's limit for a key is 1024 bytes, the package's prefix included.
MAX_NAME_BYTES = 800
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
ENCRYPTED = 0x1


class ArchiveError(Exception):
    """The ZIP isn't one, or holds what must not be unpacked; the text names it."""


@dataclass(frozen=True)
class Member:
    """A file of the archive: its path in the package and its size in bytes."""

    path: str
    size: int
    entry: zipfile.ZipInfo


class Archive:
    """A ZIP that is read member by member from a seekable file."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        """Read the directory and refuse what is unsafe; ``size`` is the ZIP's, in bytes."""
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise ArchiveError("the export is not a readable ZIP") from error
        self.members = _members(self._zip.infolist(), size)

    def open(self, member: Member) -> IO[bytes]:
        """Return a member's content; reading it raises BadZipFile if it is damaged."""
        try:
            return self._zip.open(member.entry)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise ArchiveError(f"{_shown(member.path)}: can't be unpacked") from error


def _members(entries: list[zipfile.ZipInfo], size: int) -> tuple[Member, ...]:
    if len(entries) > MAX_MEMBERS:
        raise ArchiveError(f"the export has {len(entries)} files, more than {MAX_MEMBERS}")
    files = [entry for entry in entries if not entry.is_dir()]
    total = sum(entry.file_size for entry in files)
    if total > MAX_BYTES:
        raise ArchiveError(f"the export unpacks to {total} bytes, more than {MAX_BYTES}")
    # Members that share their bytes pass one by one, not in sum.
    if total > max(RATIO_FROM_BYTES, size * MAX_RATIO):
        raise ArchiveError(f"the export unpacks to more than {MAX_RATIO} times its size")
    members: dict[str, Member] = {}
    for entry in files:
        _refuse_unsafe(entry)
        if entry.filename in members:
            raise ArchiveError(f"{_shown(entry.filename)}: is in the export twice")
        members[entry.filename] = Member(entry.filename, entry.file_size, entry)
    return tuple(members.values())


def _refuse_unsafe(entry: zipfile.ZipInfo) -> None:
    # zipfile cuts a name at its first NUL; orig_filename shows it whole.
    name = entry.orig_filename
    parts = name.split("/")
    faults = (
        ("leads out of the package", ".." in parts),
        ("is no relative path", name.startswith("/") or ":" in parts[0] or "\\" in name),
        ("has an empty or single-dot part", "" in parts or "." in parts),
        ("has a control character", any(not letter.isprintable() for letter in name)),
        ("has too long a name", len(name.encode("utf-8", "replace")) > MAX_NAME_BYTES),
        ("is a link or a device", _is_special(entry)),
        ("is encrypted", bool(entry.flag_bits & ENCRYPTED)),
        ("is compressed by another method than deflate", entry.compress_type not in METHODS),
        (
            f"unpacks to more than {MAX_RATIO} times its size",
            entry.file_size > max(RATIO_FROM_BYTES, entry.compress_size * MAX_RATIO),
        ),
    )
    for fault, found in faults:
        if found:
            raise ArchiveError(f"{_shown(name)}: {fault}")


def _is_special(entry: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return kind not in (0, stat.S_IFREG)


def _shown(name: str) -> str:
    return ascii(name[:100])
