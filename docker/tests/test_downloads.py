"""ZIPs over HTTP: broken connections, changed files, and what Benchling refuses."""

import io
import time
import zipfile

import httpx
import pytest

from src import benchling, download
from src.archive import Archive
from src.benchling import Notebook, NotebookError
from src.download import DownloadError, RangeReader, open_download
from src.patience import PatientTransport, UnavailableError, retry_after
from tests.notebook_server import FILES, NotebookServer, entry, zip_of


@pytest.fixture
def server():
    server = NotebookServer()
    yield server
    server.shutdown()
    server.server_close()


def http(patience=2.0):
    def wait(seconds):
        time.sleep(min(seconds, 0.01))
        return False

    return httpx.Client(transport=PatientTransport(httpx.HTTPTransport(), wait, patience))


def read(server):
    with open_download(http(), f"{server.address}/export.zip?sig=secret") as file:
        archive = Archive(file)
        return {member.path: archive.open(member).read() for member in archive.members}


def test_a_zip_is_read_without_being_kept(server):
    assert read(server) == FILES


def test_an_export_without_files_is_read(server):
    server.zip = zip_of({})
    assert read(server) == {}


def test_a_large_zip_is_read_in_few_requests(server):
    files = {f"{number}.bin": bytes([number]) * 300_000 for number in range(20)}
    server.zip = zip_of(files, zipfile.ZIP_STORED)
    assert read(server) == files
    assert len(server.asked) < 10


def test_a_broken_connection_is_continued(server):
    server.zip = zip_of({"a": b"x" * 2_000_000}, zipfile.ZIP_STORED)
    server.break_after = 700_000
    assert len(read(server)["a"]) == 2_000_000


def test_a_server_that_always_breaks_off_is_told(server, monkeypatch):
    monkeypatch.setattr(download, "BREAKS", 2)
    reader = RangeReader(http(), f"{server.address}/export.zip")
    monkeypatch.setattr(reader, "_next", lambda _: b"")
    with pytest.raises(UnavailableError, match="broke off 2 times"):
        reader.read(10)


def test_a_server_without_ranges_is_told(server):
    server.ranges = False
    with pytest.raises(DownloadError, match="200"):
        RangeReader(http(), f"{server.address}/export.zip")


def test_a_file_that_changes_is_told(server):
    reader = RangeReader(http(), f"{server.address}/export.zip")
    server.zip += b"more"
    with pytest.raises(DownloadError, match="changed"):
        reader.read(10)


def test_a_file_that_is_replaced_by_one_as_long_is_told(server):
    reader = RangeReader(http(), f"{server.address}/export.zip")
    server.etag = '"v2"'
    with pytest.raises(DownloadError, match="changed"):
        reader.read(10)


def test_a_reader_is_a_seekable_file(server):
    reader = RangeReader(http(), f"{server.address}/export.zip")
    assert (reader.readable(), reader.seekable(), reader.tell()) == (True, True, 0)
    assert reader.seek(-4, io.SEEK_END) == len(server.zip) - 4
    assert reader.read() == server.zip[-4:]
    assert reader.read(1) == b""
    reader.seek(10)
    assert reader.read(5) == server.zip[10:15]
    reader.seek(20, io.SEEK_CUR)
    assert reader.read(5) == server.zip[35:40]
    with pytest.raises(OSError, match="negative"):
        reader.seek(-1)


class TestPatience:
    def test_a_busy_server_is_asked_again(self, server):
        server.faults["/export.zip"] = [(503, {}), (429, {"Retry-After": "0"}), (0, {})]
        assert RangeReader(http(), f"{server.address}/export.zip").size == len(server.zip)

    def test_what_it_asks_for_beyond_patience_is_told(self, server):
        server.faults["/export.zip"] = [(429, {"Retry-After": "77"})]
        with pytest.raises(UnavailableError, match="429 from GET") as caught:
            RangeReader(http(), f"{server.address}/export.zip?sig=secret")
        assert caught.value.retry_after == 77
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("", 0),
            ("5", 5),
            ("soon", 0),
            ("Thu, 01 Jan 1970 00:01:40 GMT", 40),
            ("Thu, 01 Jan 1970 00:00:01 GMT", 0),
        ],
    )
    def test_retry_after_is_seconds_or_a_date(self, header, seconds):
        assert retry_after(header, 60) == seconds


class TestNotebook:
    @pytest.fixture(autouse=True)
    def _quick(self, monkeypatch):
        monkeypatch.setattr(benchling, "FIRST_POLL_SECONDS", 0.01)

    def notebook(self, server):
        return Notebook(server.address, "id", "secret", http())

    def test_an_entry_is_what_the_api_answers(self, server):
        server.entries["etr_1"] = entry("etr_1")
        assert self.notebook(server).entry("etr_1")["displayId"] == "EXP1"

    def test_a_revoked_token_is_replaced(self, server):
        server.entries["etr_1"] = entry("etr_1")
        server.faults["/api/v2/entries/etr_1"] = [(401, {})]
        assert self.notebook(server).entry("etr_1")["id"] == "etr_1"
        assert server.asked.count("/api/v2/token") == 2

    def test_a_refusal_is_told_by_its_status(self, server):
        with pytest.raises(NotebookError, match="the entry: Benchling answered 404"):
            self.notebook(server).entry("etr_0")

    def test_an_export_that_fails_says_why(self, server):
        server.states = ["FAILED"]
        with pytest.raises(NotebookError, match="FAILED: no such page"):
            self.notebook(server).export("etr_1", lambda: None)

    def test_an_export_has_an_end(self, server, monkeypatch):
        monkeypatch.setattr(benchling, "EXPORT_SECONDS", 0.05)
        server.states = ["RUNNING"]
        with pytest.raises(NotebookError, match="still runs"):
            self.notebook(server).export("etr_1", lambda: None)

    def test_the_work_can_be_ended_while_it_waits(self, server):
        server.states = ["RUNNING"]

        def check():
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            self.notebook(server).export("etr_1", check)

    def test_a_download_of_another_scheme_is_refused(self, server):
        with pytest.raises(NotebookError, match="another scheme"):
            self.notebook(server)._address({"response": {"downloadURL": "ftp://127.0.0.1/x"}})

    @pytest.mark.parametrize("response", [None, "x", {}, {"downloadURL": None}])
    def test_an_export_without_a_download_is_a_failure(self, server, response):
        with pytest.raises(NotebookError, match="no download"):
            self.notebook(server)._address({"response": response})
