"""What is unpacked is what zipfile unpacks, in bounded memory, and what is damaged is refused."""

import io
import os
import struct
import zipfile

import pytest

from src.store import member_reader as module
from src.store.archive import Archive, MemberError
from tests.benchling_server import zip_of

FILES = {
    "empty": b"",
    "one": b"x",
    "noise": os.urandom(700_000),
    "zeros": bytes(3_000_000),
    "pairs": b"ab" * 400_000,
    "table": b"".join(b"%d,%d\n" % (it, it * it) for it in range(40_000)),
}


class Stream(io.RawIOBase):
    """A file that can't be moved in, so that zipfile writes data descriptors."""

    def __init__(self):
        self.content = b""

    def writable(self):
        return True

    def write(self, content):
        self.content += bytes(content)
        return len(content)


def streamed(files, compression):
    stream = Stream()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.content


def archive_of(content):
    return Archive(io.BufferedReader(io.BytesIO(content)))


def read_all(reader, step):
    pieces = []
    while piece := reader.read(step):
        pieces.append(piece)
    assert all(len(it) == step for it in pieces[:-1])
    return b"".join(pieces)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("before", [b"", b"a program that unpacks itself"])
@pytest.mark.parametrize("write", [zip_of, streamed])
def test_a_member_is_read_in_pieces_of_any_size(compression, before, write):
    archive = archive_of(before + write(FILES, compression))
    assert {it.name for it in archive.members} == set(FILES)
    for member in archive.members:
        assert archive.open(member).read() == FILES[member.name]
        for step in (4_099, 65_536, 5 * 1024**2):
            assert read_all(archive.open(member), step) == FILES[member.name]


def test_members_are_read_beside_each_other():
    archive = archive_of(zip_of(FILES))
    readers = {it.name: archive.open(it) for it in archive.members}
    found = dict.fromkeys(FILES, b"")
    while pieces := {name: piece for name, it in readers.items() if (piece := it.read(99_991))}:
        for name, piece in pieces.items():
            found[name] += piece
    assert found == FILES


def test_no_more_is_unpacked_than_is_asked_for(monkeypatch):
    limits = []

    class Inflate:
        eof, unconsumed_tail = False, b""

        def decompress(self, packed, limit):
            assert len(packed) <= module.PACKED_BYTES
            limits.append(limit)
            return bytes(limit)

    monkeypatch.setattr(module.isal_zlib, "decompressobj", lambda _: Inflate())
    archive = archive_of(zip_of({"zeros": bytes(3_000_000)}))
    archive.open(archive.members[0]).read(1000)
    assert limits == [1000]


def directory_record(content, number):
    at = -1
    for _ in range(number):
        at = content.index(b"PK\x01\x02", at + 1)
    return at


def set_offset(content, offset):
    struct.pack_into("<I", content, directory_record(content, 1) + 42, offset)


def content_that_reaches_into_the_next(content):
    struct.pack_into("<I", content, directory_record(content, 1) + 20, 60)


def offset_behind_the_end(content):
    set_offset(content, len(content) + 1000)


def offset_just_before_the_end(content):
    set_offset(content, len(content) - 2)


def extra_field_behind_the_end(content):
    struct.pack_into("<H", content, 28, 0xFFFF)


def patched_data(content):
    content[directory_record(content, 1) + 8] |= 0x20


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize(
    "damage",
    [
        content_that_reaches_into_the_next,
        offset_behind_the_end,
        offset_just_before_the_end,
        extra_field_behind_the_end,
        patched_data,
    ],
)
def test_a_member_that_lies_elsewhere_is_damaged(compression, damage):
    content = bytearray(zip_of({"a": b"some text" * 3, "b": b"good"}, compression))
    damage(content)
    archive = archive_of(bytes(content))
    bad, good = archive.members
    with pytest.raises(MemberError, match="damaged"):
        archive.open(bad).read()
    assert archive.open(good).read() == b"good"


@pytest.mark.parametrize("step", [-1, 10])
def test_content_that_ends_early_is_damaged(step):
    content = bytearray(zip_of({"a": b"x" * 30}, zipfile.ZIP_STORED))
    struct.pack_into("<I", content, directory_record(content, 1) + 24, 31)
    archive = archive_of(bytes(content))
    reader = archive.open(archive.members[0])
    with pytest.raises(MemberError, match="damaged"):
        read_all(reader, step)
