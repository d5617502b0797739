"""A package in S3: an export's files beside those of others, kills included."""

import base64
import io
import json
import random
import struct
import zipfile
from hashlib import sha256
from itertools import count

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from src.store import objects as module
from src.store.archive import Archive
from src.store.export_record import Record
from src.store.package_store import Contents, LeftOut, PackageStore, Stored, StoredFile, StoreError
from tests.benchling_server import zip_of
from tests.emulator import aws_client, create_bucket, stored_objects

pytestmark = pytest.mark.slow

NAME = "benchling/EXP1"
RECORD = "benchling/.exports/EXP1.json"
BUCKET = "packages"
MIB = 1024**2
CALLS = ("list_objects_v2", "get_object", "put_object", "head_object", "delete_objects")


class KilledError(Exception):
    pass


class Client:
    """S3's client, which notes the calls and, at one of them, dies before or after it."""

    def __init__(self, s3, kill_at=None, after=False):
        self._s3 = s3
        self.kill_at, self.after = kill_at, after
        self.calls = []
        # Called with the call's name and arguments, before it.
        self.watch = lambda _call, _arguments: None

    @property
    def writes(self):
        writes = ("put_object", "delete_objects", "create_multipart_upload")
        return [call for call in self.calls if call in writes]

    def get_paginator(self, name):
        self.calls.append("list_objects_v2")
        return self._s3.get_paginator(name)

    def __getattr__(self, name):
        def call(**arguments):
            last = self.kill_at is not None and len(self.calls) >= self.kill_at
            self.calls.append(name)
            if last and not self.after:
                raise KilledError
            self.watch(name, arguments)
            response = getattr(self._s3, name)(**arguments)
            if last:
                raise KilledError
            return response

        return call


@pytest.fixture
def s3():
    with mock_aws():
        create_bucket(BUCKET)
        yield aws_client("s3")


def documents(trigger=0):
    def made(contents):
        text = "".join(f"{file.path} {file.name}\n" for file in contents.files)
        text += "".join(f"{left_out}\n" for left_out in contents.left_out)
        return {"README.md": text.encode(), "input.json": json.dumps(trigger).encode()}

    return made


def export(client, content, trigger=0, check=lambda: None):
    if isinstance(content, dict):
        content = zip_of(content)
    store = PackageStore(client, BUCKET, check)
    return store.write(NAME, "etr_1", Archive(io.BytesIO(content)), documents(trigger))


def record_of(s3):
    return PackageStore(s3, BUCKET, lambda: None).record(NAME)


def put(s3, path, content=b"hers"):
    s3.put_object(Bucket=BUCKET, Key=f"{NAME}/{path}", Body=content)


def body(s3, path):
    return s3.get_object(Bucket=BUCKET, Key=f"{NAME}/{path}")["Body"].read()


def etags(s3):
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{NAME}/").get("Contents", ())
    return {item["Key"].removeprefix(f"{NAME}/"): item["ETag"] for item in listed}


def files():
    found = stored_objects(BUCKET, f"{NAME}/")
    return {key.removeprefix(f"{NAME}/"): content for key, content in found.items()}


def fingerprint(s3):
    pairs = sorted(etags(s3).items())
    return sha256("".join(f"{NAME}/{path}\0{etag}\0" for path, etag in pairs).encode()).hexdigest()


def damaged(files, name):
    """A ZIP whose member doesn't have the checksum that its directory declares."""
    content = bytearray(zip_of(files, zipfile.ZIP_STORED))
    at = content.index(b"PK\x01\x02")
    while content[at + 46 : at + 46 + len(name)] != name.encode():
        at = content.index(b"PK\x01\x02", at + 1)
    content[at + 16] ^= 1
    return bytes(content)


def test_an_export_is_stored_and_recorded(s3):
    stored = export(s3, {"a.txt": b"1", "./b\n": b"2", "../c": b"3"})
    assert stored == Stored(
        Contents(
            (StoredFile("a.txt", "a.txt", 1), StoredFile("b%0A", "./b\n", 1)),
            (LeftOut("../c", "leads out of the package"),),
        ),
        {"README.md": "README.md", "input.json": "input.json"},
        changed=True,
        fingerprint=fingerprint(s3),
    )
    assert files().keys() == {"a.txt", "b%0A", "README.md", "input.json"}
    record = record_of(s3)
    assert (record.files, record.left_out) == (stored.contents.files, stored.contents.left_out)
    head = s3.head_object(Bucket=BUCKET, Key=f"{NAME}/a.txt")
    assert head["Metadata"]["benchling-entry"] == "etr_1"
    assert head["ContentType"] == "text/plain"


def test_a_package_without_an_export_has_no_record(s3):
    put(s3, "hers")
    s3.put_object(Bucket=BUCKET, Key=f"{RECORD}.old", Body=b"{}")
    assert record_of(s3) is None


def test_three_identical_events_make_no_new_version(s3):
    def versions():
        listed = s3.list_object_versions(Bucket=BUCKET)
        assert "DeleteMarkers" not in listed
        return {(item["Key"], item["VersionId"]) for item in listed["Versions"]}

    content = {"a.txt": b"1", "b/c.txt": b"2"}
    first = export(s3, content, trigger=1)
    before = versions()
    for trigger in (2, 3):
        again = export(s3, content, trigger)
        assert (again.changed, again.fingerprint) == (False, first.fingerprint)
        assert again.contents == first.contents
    assert versions() == before
    assert body(s3, "input.json") == b"1"


def test_only_what_changed_is_uploaded(s3):
    export(s3, {"a": b"1", "b": b"2"}, trigger=1)
    client, keys = Client(s3), []
    client.watch = lambda call, it: keys.append(it["Key"]) if call == "put_object" else None
    assert export(client, {"a": b"1", "b": b"3"}, trigger=2).changed
    # The README lists names only, so it stays.
    assert keys == [RECORD, f"{NAME}/b", f"{NAME}/input.json", RECORD]


def test_an_export_makes_few_requests(s3):
    client = Client(s3)
    export(client, {"a": b"1", "b": b"2"})
    assert client.calls == ["list_objects_v2"] * 2 + ["put_object"] * 6
    client = Client(s3)
    export(client, {"a": b"1", "b": b"2"})
    assert client.calls == ["list_objects_v2", "get_object", "list_objects_v2"]
    client = Client(s3)
    export(client, {"a": b"1"})
    assert client.calls[3:] == ["put_object"] * 2 + ["head_object", "delete_objects", "put_object"]


def test_what_an_earlier_export_left_is_removed_and_a_foreign_file_stays(s3):
    export(s3, {"a": b"1", "b": b"2"})
    put(s3, "results/my-analysis.csv")
    stored = export(s3, {"c": b"3"})
    assert stored.changed
    assert files().keys() == {"c", "README.md", "input.json", "results/my-analysis.csv"}
    assert stored.fingerprint == fingerprint(s3)


def test_a_foreign_change_alone_changes_the_fingerprint(s3):
    first = export(s3, {"a": b"1"})
    put(s3, "hers")
    second = export(s3, {"a": b"1"})
    assert not second.changed
    assert second.fingerprint == fingerprint(s3) != first.fingerprint


@pytest.mark.parametrize(
    ("foreign", "names", "paths"),
    [
        (["a"], ["a"], ["export/a"]),
        (["a", "export/a"], ["a"], ["export-2/a"]),
        (["a"], ["a/b"], ["export/a/b"]),
        (["a/b"], ["a"], ["export/a"]),
        (["a", "export"], ["a"], ["export-2/a"]),
        (["a"], ["a", "export/a"], ["export-2/a", "export/a"]),
        (["a/"], ["a"], ["a"]),
        ([], ["README.md", "README.md.txt"], ["export/README.md", "README.md.txt"]),
        ([], ["README.md/x"], ["export/README.md/x"]),
    ],
)
def test_a_file_goes_where_nothing_foreign_is(s3, foreign, names, paths):
    for path in foreign:
        put(s3, path)
    stored = export(s3, {name: name.encode() for name in names})
    assert [file.path for file in stored.contents.files] == paths
    for path in foreign:
        assert body(s3, path) == b"hers"
    for name, path in zip(names, paths, strict=True):
        assert body(s3, path) == name.encode()
    assert not export(s3, {name: name.encode() for name in names}).changed


def test_a_document_goes_where_nothing_foreign_is(s3):
    put(s3, "README.md")
    stored = export(s3, {"README.md": b"theirs"})
    assert stored.documents == {"README.md": "export-2/README.md", "input.json": "input.json"}
    assert body(s3, "README.md") == b"hers"
    assert body(s3, "export/README.md") == b"theirs"
    assert b"export/README.md" in body(s3, "export-2/README.md")


def test_replaced_file_counts_as_foreign(s3):
    export(s3, {"a": b"1"})
    put(s3, "a")
    put(s3, "input.json")
    stored = export(s3, {"a": b"1"})
    assert stored.contents.files[0].path == "export/a"
    assert stored.documents["input.json"] == "export/input.json"
    export(s3, {})
    assert (body(s3, "a"), body(s3, "input.json")) == (b"hers", b"hers")
    s3.delete_object(Bucket=BUCKET, Key=f"{NAME}/a")
    assert export(s3, {"a": b"1"}).contents.files[0].path == "a"


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"version": 2}', b"[" * 100_000])
def test_a_record_that_cannot_be_read_owns_nothing(s3, content):
    export(s3, {"a": b"1"})
    s3.put_object(Bucket=BUCKET, Key=RECORD, Body=content)
    assert record_of(s3) is None
    assert export(s3, {"a": b"2"}).contents.files[0].path == "export/a"
    assert body(s3, "a") == b"1"


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kill_at", range(3, 10))
def test_an_export_that_dies_is_repeated(s3, kill_at, after):
    export(s3, {"a": b"1", "b": b"2", "z": b"3"})
    put(s3, "c")
    content = {"a": b"1", "b": b"two", "c": b"4", "d": b"5"}
    with pytest.raises(KilledError):
        export(Client(s3, kill_at, after), content)
    # While an export has not come to its end, the canvas shows what is there.
    assert "a" in {file.path for file in record_of(s3).files}
    stored = export(s3, content)
    # Even if nothing was left to do but to record it.
    assert stored.changed or (kill_at, after) == (9, True)
    assert files().keys() == {"a", "b", "c", "d", "export/c", "README.md", "input.json"}
    assert (body(s3, "b"), body(s3, "c"), body(s3, "export/c")) == (b"two", b"hers", b"4")
    assert record_of(s3).export_ids == ()
    assert not export(s3, content).changed


def test_a_foreign_file_where_a_dead_export_planned_its_own_stays(s3):
    with pytest.raises(KilledError):
        export(Client(s3, 3), {"a": b"1", "b": b"2"})
    put(s3, "a")
    assert export(s3, {}).changed
    assert body(s3, "a") == b"hers"


def test_a_late_request_of_a_dead_export_is_our_own(s3):
    """Two exports die one after the other; then a request of the first comes through."""
    late = {}

    class Slow(Client):
        def put_object(self, **arguments):
            if arguments["Key"].endswith("/a"):
                late.update(arguments)
                raise KilledError
            return s3.put_object(**arguments)

    with pytest.raises(KilledError):
        export(Slow(s3), {"a": b"1"})
    with pytest.raises(KilledError):
        export(Client(s3, 4), {"a": b"1"})
    s3.put_object(**late)
    export(s3, {"a": b"1"})
    assert files().keys() == {"a", "README.md", "input.json"}
    assert record_of(s3).export_ids == ()


def test_labels_are_known_in_whatever_case_a_proxy_writes_them(s3):
    class Canonical(Client):
        def head_object(self, **arguments):
            found = s3.head_object(**arguments)
            return {**found, "Metadata": {k.title(): v for k, v in found["Metadata"].items()}}

    with pytest.raises(KilledError):
        export(Client(s3, 5), {"a": b"1", "b": b"2"})
    export(Canonical(s3), {"b": b"2"})
    assert files().keys() == {"b", "README.md", "input.json"}


def test_somebodys_own_copy_of_the_same_bytes_is_not_removed(s3):
    export(s3, {"a": b"1"})
    put(s3, "a", b"1")
    export(s3, {"b": b"2"})
    assert body(s3, "a") == b"1"


def test_a_copy_of_an_exported_file_is_foreign(s3):
    export(s3, {"a": b"1"})
    with pytest.raises(KilledError):
        export(Client(s3, 4), {"a": b"1", "b": b"2"})
    s3.copy_object(
        Bucket=BUCKET, Key=f"{NAME}/b", CopySource={"Bucket": BUCKET, "Key": f"{NAME}/a"}
    )
    export(s3, {"a": b"1", "b": b"2"})
    assert (body(s3, "b"), body(s3, "export/b")) == (b"1", b"2")


def test_a_file_that_is_put_at_the_same_moment_is_not_overwritten(s3):
    client = Client(s3)

    def meanwhile(call, arguments):
        if call == "put_object" and arguments["Key"].endswith("/a"):
            put(s3, "a")

    client.watch = meanwhile
    with pytest.raises(StoreError, match="by somebody else"):
        export(client, {"a": b"1"})
    assert export(s3, {"a": b"1"}).contents.files[0].path == "export/a"
    assert body(s3, "a") == b"hers"


def test_a_put_whose_response_was_lost_is_our_own(s3):
    class Repeating(Client):
        def put_object(self, **arguments):
            s3.put_object(**arguments)
            return s3.put_object(**arguments)

    stored = export(Repeating(s3), {"a": b"1"})
    assert stored.fingerprint == fingerprint(s3)
    assert not export(s3, {"a": b"1"}).changed


def test_an_object_that_vanishes_while_it_is_looked_at_is_nobodys(s3):
    checked = module.Objects(s3, BUCKET, lambda: None)
    assert checked.head(f"{NAME}/gone") == ("", {})


def refusal(code):
    return ClientError({"Error": {"Code": code}}, "PutObject")


def test_refusals_of_s3_are_raised(s3):
    def refuse(call, arguments):
        if call == refused and not arguments.get("Key", "").startswith(RECORD):
            raise refusal("AccessDenied")

    client = Client(s3)
    client.watch = refuse
    refused = "put_object"
    with pytest.raises(ClientError, match="AccessDenied"):
        export(client, {"a": b"1"})
    with pytest.raises(KilledError):
        export(Client(s3, 5), {"a": b"1"})
    refused = "head_object"
    with pytest.raises(ClientError, match="AccessDenied"):
        export(client, {"a": b"1"})


def test_a_file_that_cannot_be_deleted_is_an_error(s3):
    class Keeping(Client):
        def delete_objects(self, **_):
            return {"Errors": [{"Code": "AccessDenied"}]}

    export(s3, {"a": b"1"})
    with pytest.raises(StoreError, match=r"1 stale files can't be deleted \(AccessDenied\)"):
        export(Keeping(s3), {})
    export(s3, {})
    assert "a" not in files()


def test_many_files_are_deleted_in_batches(s3, monkeypatch):
    monkeypatch.setattr(module, "DELETE_AT_ONCE", 2)
    export(s3, {str(number): b"" for number in range(5)})
    client = Client(s3)
    export(client, {})
    assert client.calls.count("delete_objects") == 3
    assert files().keys() == {"README.md", "input.json"}


class TestDamage:
    def test_a_damaged_file_does_not_cost_the_others(self, s3):
        stored = export(s3, damaged({"a": b"1", "b": b"2", "c": b"3"}, "b"))
        assert [file.path for file in stored.contents.files] == ["a", "c"]
        assert stored.contents.left_out == (LeftOut("b", "is damaged"),)
        assert b"is damaged" in body(s3, "README.md")
        assert record_of(s3).left_out == stored.contents.left_out
        assert "b" not in files()
        assert not export(s3, damaged({"a": b"1", "b": b"2", "c": b"3"}, "b")).changed

    def test_an_earlier_good_version_stays(self, s3):
        export(s3, {"a": b"1", "b": b"2"})
        content = damaged({"a": b"1", "b": b"two"}, "b")
        (left_out,) = export(s3, content).contents.left_out
        assert left_out.reason == "is damaged; the version of an earlier export stays"
        assert body(s3, "b") == b"2"
        assert [file.path for file in record_of(s3).files] == ["a"]
        client = Client(s3)
        assert export(client, {"a": b"1", "b": b"2"}).contents.left_out == ()
        assert [file.path for file in record_of(s3).files] == ["a", "b"]
        export(s3, {"a": b"1"})
        assert "b" not in files()


class TestLarge:
    CONTENT = bytes(range(256)) * (6 * MIB // 256)

    def zip(self, files):
        return zip_of(files, zipfile.ZIP_STORED)

    def test_a_large_file_has_a_checksum_of_the_whole(self, s3):
        asked = {}

        def note(params, model, **_):
            asked.setdefault(model.name, params)

        event = "provide-client-params.s3"
        s3.meta.events.register(event, note)
        try:
            content = self.zip({"large.bin": self.CONTENT})
            export(s3, content)
        finally:
            s3.meta.events.unregister(event, note)
        assert asked["CreateMultipartUpload"]["ChecksumType"] == "FULL_OBJECT"
        assert asked["CreateMultipartUpload"]["ChecksumAlgorithm"] == "CRC32"
        crc32 = Archive(io.BytesIO(content)).members[0].crc32
        declared = asked["CompleteMultipartUpload"]["ChecksumCRC32"]
        assert base64.b64decode(declared) == struct.pack(">I", crc32)
        assert body(s3, "large.bin") == self.CONTENT
        client = Client(s3)
        assert not export(client, content).changed
        assert client.writes == []

    def test_a_damaged_large_file_leaves_nothing_half_written(self, s3):
        export(s3, self.zip({"a": b"1", "large.bin": self.CONTENT}))
        content = damaged({"large.bin": self.CONTENT + b"x", "a": b"2"}, "large.bin")
        stored = export(s3, content)
        assert [file.path for file in stored.contents.files] == ["a"]
        assert body(s3, "large.bin") == self.CONTENT
        assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)
        assert not export(s3, content).changed

    def test_the_work_can_be_ended_while_it_uploads(self, s3):
        checks = count()

        def check():
            if next(checks) == 5:
                raise KilledError

        with pytest.raises(KilledError):
            export(s3, self.zip({"large.bin": self.CONTENT}), check=check)
        assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)
        assert "large.bin" not in files()

    def test_a_large_file_that_is_replaced_at_once_is_an_error(self, s3):
        class Slow(Client):
            def head_object(self, **arguments):
                put(s3, "large.bin")
                return s3.head_object(**arguments)

        with pytest.raises(StoreError, match="by somebody else"):
            export(Slow(s3), self.zip({"large.bin": self.CONTENT}))
        export(s3, {})
        assert body(s3, "large.bin") == b"hers"


PATHS = [
    "a",
    "a/b",
    "a/b/c",
    "b",
    "export",
    "export/a",
    "export/a/b",
    "export-2/a",
    "README.md",
    "README.md/x",
    "input.json",
]


class Model:
    """A package with the files of others as they must be, whatever the exports do."""

    def __init__(self, s3):
        self.s3 = s3
        self.foreign = {}
        self.number = 0
        # The record while nothing writes another.
        self.record = None

    def put(self, path):
        self.number += 1
        self.foreign[path] = f"hers {self.number}".encode()
        put(self.s3, path, self.foreign[path])

    def delete(self, path):
        self.foreign.pop(path, None)
        self.s3.delete_object(Bucket=BUCKET, Key=f"{NAME}/{path}")

    def export(self, content, kill_at=None, after=False):
        self.number += 1
        self.record = None
        client = Client(self.s3, kill_at, after)
        client.watch = self._touches_only_its_own
        try:
            stored = export(client, content, self.number)
        except KilledError:
            self._foreign_is_as_it_was(files())
            return
        self._is_whole(stored, content)
        client = Client(self.s3)
        again = export(client, content, self.number + 1)
        assert (client.writes, again.changed) == ([], False)
        assert again.fingerprint == stored.fingerprint

    def _touches_only_its_own(self, call, arguments):
        """No write without a record of it; none of a file that is another's."""
        keys = [arguments.get("Key")] if call == "put_object" else []
        if call == "delete_objects":
            keys = [item["Key"] for item in arguments["Delete"]["Objects"]]
        if RECORD in keys:
            self.record = None
        paths = {key.removeprefix(f"{NAME}/") for key in keys if key != RECORD}
        if not paths:
            return
        self.record = record = self.record or record_of(self.s3)
        removable = {item.path for item in record.objects}
        allowed = (
            removable
            if call == "delete_objects"
            else removable | {item.path for item in record.planned}
        )
        assert paths <= allowed
        assert not paths & self.foreign.keys()

    def _foreign_is_as_it_was(self, there):
        assert {path: there.get(path) for path in self.foreign} == self.foreign

    def _is_whole(self, stored, content):
        there = files()
        self._foreign_is_as_it_was(there)
        own = {file.path: content[file.name] for file in stored.contents.files}
        assert len(own) == len(content)
        named = documents()(stored.contents)
        own[stored.documents["README.md"]] = named["README.md"]
        own[stored.documents["input.json"]] = there[stored.documents["input.json"]]
        assert there == own | self.foreign
        assert len(there) == len(own) + len(self.foreign)
        for path in own:
            assert not {"", ".", ".."} & set(path.split("/"))
            assert not any(other.startswith(f"{path}/") for other in there)
            assert not any(path.startswith(f"{other}/") for other in there)
        assert stored.fingerprint == fingerprint(self.s3)


paths = st.sampled_from(PATHS)
contents = st.dictionaries(paths, st.sampled_from([b"1", b"22", b"333"]), max_size=5)
steps = st.one_of(
    st.tuples(st.just(Model.put), paths),
    st.tuples(st.just(Model.delete), paths),
    st.tuples(st.just(Model.export), contents),
    st.tuples(st.just(Model.export), contents, st.integers(0, 14), st.booleans()),
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(steps, min_size=2, max_size=7))
def test_only_recorded_files_are_changed_in_any_sequence(sequence):
    with mock_aws():
        create_bucket(BUCKET)
        model = Model(aws_client("s3"))
        for step, *arguments in sequence:
            step(model, *arguments)
        model.export({"a": b"1"})


def test_a_foreign_file_survives_a_hundred_exports(s3):
    chance = random.Random(16)
    model = Model(s3)
    model.put("results/my-analysis.csv")
    model.put("a/b")
    for _ in range(100):
        names = chance.sample(PATHS, chance.randrange(6))
        content = {name: chance.choice([b"1", b"22", b"333"]) for name in names}
        model.export(content, chance.choice([None, *range(14)]), chance.choice([True, False]))


def test_a_record_is_read_as_it_was_written(s3):
    with pytest.raises(KilledError):
        export(Client(s3, 3), {"a": b"1", "é\n": b"2", "../c": b""})
    for finish in (False, True):
        if finish:
            export(s3, {"a": b"1", "é\n": b"2", "../c": b""})
        record = record_of(s3)
        assert bool(record.planned) != finish
        assert Record.from_json(record.to_json()) == record
