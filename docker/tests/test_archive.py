"""What of an export's ZIP is stored, under which path, and what is left out."""

import io
import struct
import subprocess
import sys
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.store import archive as module
from src.store.archive import Archive, ArchiveError, LeftOut, MemberError
from src.store.member_names import MAX_PATH_BYTES, MAX_SHOWN, numbered, path_of, shown
from src.store.path_tree import PathTree
from tests.benchling_server import FILES, zip_of

pytestmark = pytest.mark.slow


def archive_of(content):
    return Archive(io.BytesIO(content))


def paths_of(content):
    return [member.path for member in archive_of(content).members]


@pytest.mark.parametrize(
    "name",
    [
        "Screenshot 2026-01-02 at 3.45.12\u202fPM.png",
        "no\u00a0break.txt",
        "family \U0001f468\u200d\U0001f469\u200d\U0001f467.txt",
        "soft\u00adhyphen.txt",
        "ideographic\u3000space.txt",
        "Day 3: x.html",
        "A: notes.html",
        "a\\b.txt",
        "..a/b../...",
        "%0A literally.txt",
        " ",
        "right\u202eto-left.txt",
        "n" * MAX_PATH_BYTES,
    ],
)
def test_a_name_that_can_be_stored_is_kept(name):
    archive = archive_of(zip_of({name: b"x"}))
    (member,) = archive.members
    assert (member.path, member.name) == (name, name)
    assert archive.open(member).read() == b"x"
    assert archive.left_out == ()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("./a", "a"),
        ("a//b", "a/b"),
        ("a/./b", "a/b"),
        ("a\nb", "a%0Ab"),
        ("a\x7fb", "a%7Fb"),
        ("a\x85b", "a%C2%85b"),
        ("a\uffffb", "a%EF%BF%BFb"),
    ],
)
def test_a_name_is_changed_where_it_cannot_be_stored(name, path):
    archive = archive_of(zip_of({name: b"x"}))
    (member,) = archive.members
    assert (member.path, member.name) == (path, name)
    assert archive.open(member).read() == b"x"


def test_a_lone_surrogate_is_percent_encoded():
    assert path_of("a\ud800b") == "a%ED%A0%80b"


def test_a_long_name_is_cut_and_keeps_its_extension():
    long = "é" * 900 + ".png"
    (path,) = paths_of(zip_of({long: b"x"}))
    assert path.endswith(".png")
    assert len(path.encode()) <= MAX_PATH_BYTES
    assert path_of(long) == path
    assert path_of("é" * 901 + ".png") != path
    assert len(numbered(path, 12).encode()) <= MAX_PATH_BYTES
    assert "~" in path_of("n" * 900 + "." + "x" * 40)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../etc/passwd", "leads out of the package"),
        ("a/../../b", "leads out of the package"),
        ("a\\..\\b", "leads out of the package"),
        ("/etc/passwd", "is an absolute path"),
        ("C:\\x", "is an absolute path"),
        ("C:/x", "is an absolute path"),
        ("\\\\host\\share", "is an absolute path"),
        (".", "has an empty name"),
        ("./.", "has an empty name"),
    ],
)
def test_a_name_that_leaves_the_package_is_left_out_alone(name, reason):
    archive = archive_of(zip_of({name: b"x", "good.txt": b"good"}))
    assert [member.path for member in archive.members] == ["good.txt"]
    assert archive.left_out == (LeftOut(name, reason),)


def test_an_empty_name_is_left_out():
    content = zip_of({"a": b"x", "good.txt": b"good"})
    start = content.index(b"PK\x01\x02")
    # The directory's first entry without its name of one byte, and a comment in its place.
    entry = bytearray(content[start : start + 47])
    struct.pack_into("<H", entry, 28, 0)
    struct.pack_into("<H", entry, 32, 1)
    archive = archive_of(content[:start] + bytes(entry) + content[start + 47 :])
    assert [member.path for member in archive.members] == ["good.txt"]
    assert archive.left_out == (LeftOut("", "has an empty name"),)


def test_what_is_shown_of_a_name_is_short_and_has_no_control_characters():
    archive = archive_of(zip_of({"../" + "x\n" * 900: b""}))
    (left_out,) = archive.left_out
    assert len(left_out.name) == MAX_SHOWN
    assert left_out.name.startswith("../x%0Ax")
    assert shown("short") == "short"


def test_a_name_that_mac_os_wrote_without_the_flag_is_utf8():
    name = "Über 3\u202fPM.txt"
    content = bytearray(zip_of({name: b"x"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", content, content.index(signature) + offset, 0)
    archive = archive_of(bytes(content))
    assert archive.members[0].path == name
    assert archive.open(archive.members[0]).read() == b"x"


def test_a_name_of_code_page_437_stays_one():
    content = zip_of({"aXb": b"x"}).replace(b"aXb", b"a\x81b")
    assert paths_of(content) == ["aüb"]


def test_the_name_behind_a_nul_is_seen():
    content = zip_of({"aXb": b"x"}).replace(b"aXb", b"a\x00b")
    archive = archive_of(content)
    assert archive.members[0].path == "a%00b"
    assert archive.open(archive.members[0]).read() == b"x"


def twice(*pairs):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in pairs:
            if name in archive.namelist():
                with pytest.warns(UserWarning, match="Duplicate"):
                    archive.writestr(name, data)
            else:
                archive.writestr(name, data)
    return content.getvalue()


@pytest.mark.parametrize(
    ("pairs", "paths"),
    [
        ([("a.txt", "1"), ("a.txt", "2")], ["a.txt", "a (2).txt"]),
        ([("a.txt", "1"), ("a.txt", "1")], ["a.txt"]),
        ([("a", "1"), ("a", "2"), ("a", "2"), ("a", "3")], ["a", "a (2)", "a (3)"]),
        ([("a", "1"), ("a", "2"), ("a (2)", "3")], ["a", "a (3)", "a (2)"]),
        ([("a", "1"), ("./a", "2")], ["a", "a (2)"]),
        ([("a", "1"), ("a/b", "2")], ["a (2)", "a/b"]),
        ([("a/b", "1"), ("a", "2"), ("a (2)/c", "3")], ["a/b", "a (3)", "a (2)/c"]),
        ([("a", "1"), ("a/b", "2"), ("a/b/c", "3")], ["a (2)", "a/b (2)", "a/b/c"]),
        ([("a.d/.hidden", "1"), ("a.d/.hidden", "2")], ["a.d/.hidden", "a.d/.hidden (2)"]),
    ],
)
def test_each_file_has_a_path_of_its_own(pairs, paths):
    content = twice(*pairs)
    assert paths_of(content) == paths
    assert paths_of(content) == paths


def test_many_files_of_one_name_take_no_time():
    content = twice(*(("a", str(number)) for number in range(300)))
    assert paths_of(content)[-1] == "a (300)"


def test_a_link_is_left_out():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert archive_of(content.getvalue()).left_out == (LeftOut("link", "is a link or a device"),)


def test_an_encrypted_or_oddly_packed_member_is_left_out():
    content = bytearray(zip_of({"a": b"x"}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert archive_of(bytes(content)).left_out == (LeftOut("a", "is encrypted"),)
    (left_out,) = archive_of(zip_of({"a": b"x"}, zipfile.ZIP_LZMA)).left_out
    assert left_out.reason == "is compressed by another method than deflate"


@pytest.mark.parametrize("data", [bytes(20 * 1024**2), b"0.0,0.0\n" * 3_000_000])
def test_well_compressed_file_is_accepted(data):
    archive = archive_of(zip_of({"blank": data}))
    assert archive.open(archive.members[0]).read() == data


def test_many_files_and_many_bytes_are_refused(monkeypatch):
    monkeypatch.setattr(module, "MAX_MEMBERS", 1)
    with pytest.raises(ArchiveError, match="2 files"):
        archive_of(zip_of(FILES))
    monkeypatch.setattr(module, "MAX_MEMBERS", 10)
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    with pytest.raises(ArchiveError, match="more than 10"):
        archive_of(zip_of(FILES))


def test_directories_are_no_files_and_what_is_no_zip_is_refused():
    assert archive_of(zip_of({"directory/": b""})).members == ()
    with pytest.raises(ArchiveError, match="not a readable ZIP"):
        archive_of(b"PK but no more")


DATA = b"some,values\n" * 1000


def wrong_checksum(content):
    content[content.index(b"PK\x01\x02") + 16] ^= 1


def broken_deflate(content):
    content[content.index(b"a.csv") + 5] = 0xFF


def size_larger_than_the_content(content):
    start = content.index(b"PK\x01\x02")
    struct.pack_into("<I", content, start + 24, len(DATA) + 1)


def size_smaller_than_the_content(content):
    start = content.index(b"PK\x01\x02")
    struct.pack_into("<I", content, start + 24, 10)


def truncated_deflate(content):
    start = content.index(b"PK\x01\x02")
    struct.pack_into("<I", content, start + 20, 5)


def wrong_offset(content):
    start = content.index(b"PK\x01\x02")
    struct.pack_into("<I", content, start + 42, 3)


def another_name_in_the_header(content):
    content[content.index(b"a.csv")] = ord("b")


def name_that_is_no_text(content):
    start = content.index(b"PK\x03\x04")
    struct.pack_into("<H", content, start + 6, 0x800)
    start = content.index(b"PK\x01\x02")
    struct.pack_into("<H", content, start + 8, 0x800)
    content[content.index(b"a.csv")] = 0xFF


@pytest.mark.parametrize(
    "damage",
    [
        wrong_checksum,
        broken_deflate,
        size_larger_than_the_content,
        size_smaller_than_the_content,
        truncated_deflate,
        wrong_offset,
        another_name_in_the_header,
        name_that_is_no_text,
    ],
)
@pytest.mark.parametrize("step", [-1, 100])
def test_damaged_member_is_distinguished_from_the_others(damage, step):
    content = bytearray(zip_of({"a.csv": DATA, "b.csv": DATA}))
    damage(content)
    archive = archive_of(bytes(content))
    bad, good = archive.members
    assert archive.open(good).read() == DATA
    with pytest.raises(MemberError, match="damaged"):
        read_all(archive, bad, step)


def read_all(archive, member, step):
    stream = archive.open(member)
    while stream.read(step):
        pass


def test_an_empty_file_is_compared_with_its_checksum():
    content = bytearray(zip_of({"a": b""}))
    archive = archive_of(bytes(content))
    assert archive.open(archive.members[0]).read() == b""
    wrong_checksum(content)
    archive = archive_of(bytes(content))
    with pytest.raises(MemberError):
        archive.open(archive.members[0]).read()


def test_an_error_of_the_file_beneath_passes():
    class Broken(io.BytesIO):
        broken = False

        def read(self, *arguments):
            if self.broken:
                raise ConnectionError
            return super().read(*arguments)

    file = Broken(zip_of({"a": DATA}))
    archive = Archive(file)
    file.broken = True
    with pytest.raises(ConnectionError):
        archive.open(archive.members[0]).read()


def test_a_path_is_free_where_it_is_neither_file_nor_directory():
    tree = PathTree(["a/b", "c"])
    tree.add("d/e/f")
    tree.add("c")
    free = {
        path
        for path in ("a", "a/b", "a/b/x", "a/c", "ab", "c/x/y", "d/e", "d/x")
        if tree.is_free(path)
    }
    assert free == {"a/c", "ab", "d/x"}


EOCD = struct.Struct("<4s4H2LH")
RECORD = struct.Struct("<4s4B4HL2L5H2L")


def record(name=b"a", extra=0, comment=0, size=0):
    head = RECORD.pack(
        *(b"PK\x01\x02", 20, 0, 20, 0, 0, 0, 0, 0, 0, size, size),
        *(len(name), extra, comment, 0, 0, 0, 0),
    )
    return head + name


def hostile(path, records, head, tail=0, **end):
    """Write a ZIP of a directory alone, whose records end in so many bytes of zeros."""
    one = len(head) + tail
    with path.open("wb") as file:
        if not tail:
            file.write(head * records)
        for number in range(records if tail else 0):
            file.seek(number * one)
            file.write(head)
        file.seek(records * one)
        count = min(end.get("count", records), 0xFFFF)
        size = min(end.get("size", records * one), 0xFFFFFFFF)
        file.write(EOCD.pack(b"PK\x05\x06", 0, 0, count, count, size, end.get("offset", 0), 0))
    return path


HOSTILE = {
    "a million files": (1_000_000, record(), 0, {}),
    "a million files that say they are one": (1_000_000, record(), 0, {"count": 1}),
    "comments of 60 kB": (9_999, record(comment=60_000), 60_000, {}),
    "extra fields of 60 kB": (9_999, record(extra=60_000), 60_000, {}),
    "names of 60 kB": (9_999, record(b"\x81" * 60_000), 0, {}),
    "names that are wide": (60, record("\U0001f600".encode() * 16_000), 0, {}),
    "a directory of 4 GiB": (1, record(), 0, {"size": 0xFFFFFFFF}),
    "a directory behind the end": (1, record(), 0, {"offset": 0xFFFFFFF0}),
}
OPEN = """
import re, sys
from pathlib import Path
from src.store.archive import Archive, ArchiveError
try:
    archive = Archive(open(sys.argv[1], "rb"))
    print(len(archive.members) + len(archive.left_out), "files")
except ArchiveError as error:
    print(error)
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_directory_needs_little_memory(tmp_path, kind):
    records, head, tail, end = HOSTILE[kind]
    path = hostile(tmp_path / "export.zip", records, head, tail, **end)
    ended = subprocess.run(
        [sys.executable, "-c", OPEN, path],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    said, peak = ended.stdout.splitlines()
    assert said.startswith("the export") or said.endswith("files")
    assert int(peak) < 96 * 1024, said


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"PK\x03\x04" + b"x" * 100])
def test_invalid_zip_is_refused(content):
    with pytest.raises(ArchiveError, match="not a readable ZIP"):
        archive_of(content)


def test_an_export_without_files_is_one():
    archive = archive_of(zip_of({}))
    assert (archive.members, archive.left_out) == ((), ())


MUTATED = zip_of({"a.txt": b"some text " * 50, "b/c.csv": b"1,2\n" * 40, "d": b""})


@settings(max_examples=400, deadline=2000, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, len(MUTATED) - 1), st.integers(0, 255)), max_size=8),
    st.integers(0, 60),
    st.booleans(),
)
def test_whatever_the_bytes_are_a_zip_is_read_or_refused(changes, cut, huge):
    content = bytearray(MUTATED[: len(MUTATED) - (cut if cut < 30 else 0)])
    for at, byte in changes:
        if at < len(content):
            content[at] = byte
    if huge:
        at = changes[0][0] if changes else 0
        content[at : at + 4] = b"\xff" * 4
    try:
        archive = archive_of(bytes(content))
    except ArchiveError:
        return
    for member in archive.members:
        with suppress(MemberError):
            read_all(archive, member, 100)
