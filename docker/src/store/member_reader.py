"""One member of a ZIP, unpacked as it is read: where its bytes are, and whether they are right.

zipfile reads the ZIP's directory; the content is read here by its public ZipInfo, so that
isal can inflate it. Source: PKWARE's APPNOTE.TXT, 4.3.7 (local file header), and zlib's
interface, which isal has.
"""

from __future__ import annotations

import struct
import zipfile
from typing import IO, TYPE_CHECKING

from isal import isal_zlib

from ..runtime.errors import PermanentError

if TYPE_CHECKING:
    from isal.isal_zlib import Decompress

# How much is taken of the file at once; what one piece unpacks to is bounded by the reader.
PACKED_BYTES = 256 * 1024
# Signature, version, flags, method, time, date, CRC-32, sizes, and two lengths: the
# name's and the extra field's. Sizes and CRC-32 are the directory's, for a member that was
# written as a stream has them behind its content.
HEADER = struct.Struct("<4s22x2H")
SIGNATURE = b"PK\x03\x04"
UTF8_NAME = 0x800
# Compressed patched data and strong encryption, which nobody unpacks.
UNKNOWN_KINDS = 0x20 | 0x40
DAMAGED = "is damaged"


class ArchiveError(PermanentError):
    """The ZIP as a whole is unusable, as it would be exported again; the text says why."""


class MemberError(ArchiveError):
    """One member can't be read; the text says why, and the others can be."""


class MemberReader:
    """A member's content as a stream that ends with an error if it is damaged."""

    def __init__(self, file: IO[bytes], entry: zipfile.ZipInfo, end: int) -> None:
        """Read the member's own header; raises MemberError if it isn't the directory's.

        ``end`` is the position in bytes that no content of the member reaches beyond.
        What reading the file raises passes.
        """
        self._file = file
        self._left = entry.file_size
        self._packed_left = entry.compress_size
        self._expected = entry.CRC
        self._crc32 = 0
        self._at = _content_at(file, entry, end)
        self._inflate = (
            isal_zlib.decompressobj(-isal_zlib.MAX_WBITS)
            if entry.compress_type == zipfile.ZIP_DEFLATED
            else None
        )

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes, or all; less than that only at the end.

        Raises MemberError for damage. What the file beneath raises passes.
        """
        wanted = self._left if size < 0 else min(size, self._left)
        pieces: list[bytes] = []
        while wanted:
            piece = self._inflated(self._inflate, wanted) if self._inflate else self._take(wanted)
            wanted -= len(piece)
            self._left -= len(piece)
            self._crc32 = isal_zlib.crc32(piece, self._crc32)
            pieces.append(piece)
        if not self._left and self._crc32 != self._expected:
            raise MemberError(DAMAGED)
        return b"".join(pieces)

    def _inflated(self, inflate: Decompress, limit: int) -> bytes:
        """Return the next bytes, none of them if more packed ones are needed."""
        if inflate.eof:
            raise MemberError(DAMAGED)
        packed = inflate.unconsumed_tail
        # What was unpacked beyond an earlier limit needs no more packed bytes.
        exhausted = not packed and not self._packed_left
        if not packed and not exhausted:
            packed = self._take(PACKED_BYTES)
        try:
            piece = inflate.decompress(packed, limit)
        # isal's types take the class for an instance of one.
        except isal_zlib.IsalError as error:  # type: ignore[misc]
            raise MemberError(DAMAGED) from error
        if exhausted and not piece:
            raise MemberError(DAMAGED)
        return piece

    def _take(self, limit: int) -> bytes:
        """Return up to so many packed bytes; raises MemberError if there are no more."""
        self._file.seek(self._at)
        packed = self._file.read(min(limit, self._packed_left))
        if not packed:
            raise MemberError(DAMAGED)
        self._at += len(packed)
        self._packed_left -= len(packed)
        return packed


def _content_at(file: IO[bytes], entry: zipfile.ZipInfo, end: int) -> int:
    """Return where a member's content begins; raises MemberError if it can't be there."""
    start = entry.header_offset
    if entry.flag_bits & UNKNOWN_KINDS or not 0 <= start <= end - HEADER.size:
        raise MemberError(DAMAGED)
    file.seek(start)
    header = file.read(HEADER.size)
    if len(header) < HEADER.size:
        raise MemberError(DAMAGED)
    signature, name_bytes, extra_bytes = HEADER.unpack(header)
    name = entry.orig_filename.encode("utf-8" if entry.flag_bits & UTF8_NAME else "cp437")
    content: int = start + HEADER.size + name_bytes + extra_bytes
    if signature != SIGNATURE or content + entry.compress_size > end:
        raise MemberError(DAMAGED)
    if file.read(name_bytes) != name:
        raise MemberError(DAMAGED)
    return content
