"""An export's ZIP: what can be stored of it, and what can't, each with its reason."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO

from .member_names import fault_of, name_of, numbered, path_of, shown
from .member_reader import ArchiveError, MemberError, MemberReader
from .path_tree import PathTree

# What a notebook entry can reasonably hold. A declared size is binding: no byte
# more is read. How well a file compresses says nothing: blank images do so 1:1000.
MAX_MEMBERS = 10_000
MAX_BYTES = 20 * 1024**3
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
ENCRYPTED = 0x1
# zipfile takes the directory whole and makes some 500 bytes of each record, before
# anybody can count them. These are 400 bytes of name and comment for each member.
MAX_DIRECTORY_BYTES = 4 * 1024**2
RECORD = b"PK\x01\x02"
# What zipfile raises for a directory that is none.
UNREADABLE = (
    zipfile.BadZipFile,
    EOFError,
    NotImplementedError,
    ValueError,
    OverflowError,
    struct.error,
)

__all__ = ["Archive", "ArchiveError", "LeftOut", "Member", "MemberError", "MemberReader"]


@dataclass(frozen=True)
class Member:
    """A file of the archive: its path in the package, its name in the export, its bytes.

    The two differ only where S3 or Quilt can't hold the name. ``size`` is in bytes.
    """

    path: str
    name: str
    size: int
    crc32: int
    entry: zipfile.ZipInfo


@dataclass(frozen=True)
class LeftOut:
    """A file of the export that isn't stored; both texts can be shown."""

    name: str
    reason: str


class _Guarded:
    """A file of which zipfile can't read a directory that needs much memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes; raises ArchiveError for too large a directory."""
        if size > MAX_DIRECTORY_BYTES:
            raise ArchiveError(
                f"the export's directory has {size} bytes, more than {MAX_DIRECTORY_BYTES}"
            )
        content = self._file.read(size)
        # Names may hold the signature, too, but as many are no accident.
        if content.startswith(RECORD) and (files := content.count(RECORD)) > MAX_MEMBERS:
            raise ArchiveError(f"the export has {files} files, more than {MAX_MEMBERS}")
        return content


class Archive:
    """A ZIP that is read member by member from a seekable file.

    ``members`` can be stored, in the ZIP's order; no path of theirs is also a
    directory. ``left_out`` can't.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Read the ZIP's directory; raises ArchiveError if it is none or too large."""
        try:
            entries = zipfile.ZipFile(_Guarded(file)).infolist()
        except UNREADABLE as error:
            raise ArchiveError("the export is not a readable ZIP") from error
        if len(entries) > MAX_MEMBERS:
            raise ArchiveError(f"the export has {len(entries)} files, more than {MAX_MEMBERS}")
        total = sum(entry.file_size for entry in entries)
        if total > MAX_BYTES:
            raise ArchiveError(f"the export unpacks to {total} bytes, more than {MAX_BYTES}")
        files: list[tuple[str, zipfile.ZipInfo]] = []
        left_out: list[LeftOut] = []
        for entry in entries:
            name = name_of(entry)
            if name.endswith("/"):
                continue
            if reason := fault_of(name) or _fault_of_kind(entry):
                left_out.append(LeftOut(shown(name), reason))
            else:
                files.append((name, entry))
        self.members = _members(files)
        self.left_out = tuple(left_out)
        self._file = file
        # No content of a member lies beyond the next one's header, or the file's end.
        self._ends = sorted([file.seek(0, os.SEEK_END), *(it.header_offset for it in entries)])

    def open(self, member: Member) -> MemberReader:
        """Return a member's content; raises MemberError if it can't be unpacked."""
        start = member.entry.header_offset
        following = bisect_right(self._ends, start)
        end = self._ends[following] if following < len(self._ends) else start
        return MemberReader(self._file, member.entry, end)


def _fault_of_kind(entry: zipfile.ZipInfo) -> str:
    """Return why a member can't be stored whatever its name is, or nothing."""
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        return "is a link or a device"
    if entry.flag_bits & ENCRYPTED:
        return "is encrypted"
    if entry.compress_type not in METHODS:
        return "is compressed by another method than deflate"
    return ""


def _members(files: Iterable[tuple[str, zipfile.ZipInfo]]) -> tuple[Member, ...]:
    """Return the files at paths of their own.

    The first keeps its path; a second one of other content gets a number, as does
    a file whose path other files need as a directory.
    """
    wanted = [(path_of(name), name, entry) for name, entry in files]
    tree = PathTree(path for path, _, _ in wanted)
    claimed = {path for path, _, _ in wanted}
    members: dict[str, Member] = {}
    contents: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    numbers: defaultdict[str, int] = defaultdict(lambda: 1)
    for path, name, entry in wanted:
        content = (entry.file_size, entry.CRC)
        if content in contents[path]:
            continue
        contents[path].add(content)
        free = path
        while free in members or tree.is_directory(free) or (free != path and free in claimed):
            numbers[path] += 1
            free = numbered(path, numbers[path])
        members[free] = Member(free, name, entry.file_size, entry.CRC, entry)
    return tuple(members.values())
