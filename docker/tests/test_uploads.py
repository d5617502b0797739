"""Several uploads at once: stopped, refused, damaged, and what is left of them."""

import io
import threading
import time
import zipfile

import pytest
from botocore.exceptions import ClientError

from src.queues.lease import GiveBackError
from src.runtime.time_limits import TimeLimitError, check_time, time_limit
from src.store.archive import Archive
from src.store.package_store import PackageStore
from src.store.uploads import PART_BYTES, UPLOADS_AT_ONCE, WAITING_BYTES, Uploads
from tests.benchling_server import zip_of

LIMIT_SECONDS = 5


def threads():
    return [it for it in threading.enumerate() if it.name.startswith("upload")]


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    yield
    assert threads() == []


def nothing():
    pass


def wait_for(condition):
    deadline = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Bucket:
    """S3's client as far as uploads ask it; each call takes some milliseconds."""

    def __init__(self):
        self.lock = threading.Lock()
        self.calls, self.under_way, self.most = [], 0, 0
        self.open, self.labels, self.refused = set(), {}, None

    def _call(self, name, key=""):
        with self.lock:
            self.calls.append(name)
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        time.sleep(0.005)
        with self.lock:
            self.under_way -= 1
        if name == self.refused and ".exports" not in key:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, name)

    def get_paginator(self, _):
        return self

    def paginate(self, **_):
        return [{}]

    def list_objects_v2(self, **_):
        return {}

    def put_object(self, *, Key, **_):  # noqa: N803 - boto3's name
        self._call("put", Key)
        return {"ETag": '"e"'}

    def create_multipart_upload(self, *, Key, Metadata, **_):  # noqa: N803
        self._call("create")
        self.labels[Key] = Metadata
        self.open.add(f"id of {Key}")
        return {"UploadId": f"id of {Key}"}

    def upload_part(self, **_):
        self._call("part")
        return {"ETag": '"e"'}

    def complete_multipart_upload(self, *, UploadId, **_):  # noqa: N803
        self._call("complete")
        self.open.remove(UploadId)

    def abort_multipart_upload(self, *, UploadId, **_):  # noqa: N803
        # S3 keeps parts that come after the abort.
        assert self.under_way == 0
        self.calls.append("abort")
        self.open.remove(UploadId)

    def head_object(self, *, Key, **_):  # noqa: N803
        return {"ETag": '"e"', "Metadata": self.labels[Key]}


SMALL = {f"{number}.txt": b"x" for number in range(20)}
LARGE = {f"{number}.bin": bytes(PART_BYTES * 2 + 1) for number in range(3)}


def export(bucket, files, check=nothing, change=None):
    content = bytearray(zip_of(files, zipfile.ZIP_STORED))
    if change:
        # A byte of the first file, behind its header.
        content[change] ^= 1
    store = PackageStore(bucket, "packages", check)
    archive = Archive(io.BytesIO(content))
    return store.write("benchling/EXP1", "etr_1", archive, lambda _: {"README.md": b"x"})


@pytest.mark.parametrize("files", [SMALL, LARGE])
def test_uploads_overlap_up_to_the_limit(files):
    bucket = Bucket()
    stored = export(bucket, files)
    assert [it.path for it in stored.contents.files] == list(files)
    assert 1 < bucket.most <= UPLOADS_AT_ONCE
    assert not bucket.open


@pytest.mark.parametrize("files", [SMALL, LARGE])
def test_a_stop_with_several_uploads_under_way_leaves_nothing(files):
    bucket, stop = Bucket(), threading.Event()

    def check():
        if bucket.calls.count("put") + bucket.calls.count("part") > 3:
            stop.set()
        if stop.is_set():
            raise GiveBackError

    with pytest.raises(GiveBackError):
        export(bucket, files, check)
    assert bucket.calls.count("put") + bucket.calls.count("part") < 3 + 2 * UPLOADS_AT_ONCE
    assert not bucket.open


def test_a_refused_part_aborts_every_upload():
    bucket = Bucket()
    bucket.refused = "part"
    with pytest.raises(ClientError, match="AccessDenied"):
        export(bucket, LARGE)
    assert "abort" in bucket.calls
    assert not bucket.open


def test_a_refused_put_ends_the_export_before_all_is_unpacked():
    bucket = Bucket()
    bucket.refused = "put"
    with pytest.raises(ClientError, match="AccessDenied"):
        export(bucket, {str(number): bytes(PART_BYTES) for number in range(20)})
    assert bucket.calls.count("put") < 15


def test_a_damaged_file_among_large_ones_is_aborted_and_left_out():
    bucket = Bucket()
    stored = export(bucket, LARGE, change=1000)
    assert [it.name for it in stored.contents.left_out] == ["0.bin"]
    assert [it.path for it in stored.contents.files] == ["1.bin", "2.bin"]
    assert (bucket.calls.count("complete"), bucket.calls.count("abort")) == (2, 1)
    assert not bucket.open


def test_what_waits_is_bounded_and_a_stop_ends_the_wait():
    release, stop = threading.Event(), threading.Event()

    def check():
        if stop.is_set():
            raise GiveBackError

    def submit_all():
        with Uploads(check) as uploads:
            for number in range(10):
                uploads.submit(PART_BYTES, release.wait, LIMIT_SECONDS)
                submitted.append(number)

    submitted, raised = [], []

    def run():
        try:
            submit_all()
        except GiveBackError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(lambda: len(submitted) == WAITING_BYTES // PART_BYTES)
    time.sleep(0.1)
    assert len(submitted) == WAITING_BYTES // PART_BYTES
    stop.set()
    time.sleep(0.3)
    release.set()
    thread.join(LIMIT_SECONDS)
    assert len(raised) == 1


def test_the_time_limit_of_the_export_holds_in_its_uploads():
    with Uploads(nothing) as uploads:
        with time_limit(-1, "the export"):
            late = uploads.submit(0, check_time)
        error = late.exception(LIMIT_SECONDS)
    assert isinstance(error, TimeLimitError)


def test_an_abort_that_fails_is_logged_and_costs_nothing(capsys):
    def refuse():
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "AbortMultipartUpload")

    with Uploads(nothing) as uploads:
        uploads.undo_later("u", refuse)
    assert "upload.abort_failed" in capsys.readouterr().out
