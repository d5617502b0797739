"""ZIPs over HTTP: broken connections, changed files, and what Benchling refuses."""

import gzip
import io
import re
import socket
import threading
import time
import zipfile
from contextlib import suppress

import httpx
import pytest

from src.export import benchling_client as benchling
from src.export import download, retry_transport
from src.export.benchling_client import BenchlingClient
from src.export.benchling_responses import BenchlingClientError, download_url
from src.export.download import DownloadError, RangeReader, open_download
from src.export.retry_transport import RetryTransport, UnavailableError, retry_after
from src.queues.lease import GiveBackError
from src.runtime.cancellable_transport import CancellableTransport
from src.runtime.time_limits import TimeLimitError, check_time, time_limit
from src.store.archive import Archive
from tests.benchling_server import FILES, BenchlingServer, entry, zip_of
from tests.stage import TLS

pytestmark = pytest.mark.slow


# More than the first request reads.
LARGE = zip_of({"a": bytes(2_000_000)}, zipfile.ZIP_STORED)


@pytest.fixture
def server():
    server = BenchlingServer()
    yield server
    server.shutdown()
    server.server_close()


def nothing():
    pass


def http(retry_seconds=2.0):
    def wait(seconds):
        time.sleep(min(seconds, 0.01))
        return False

    return httpx.Client(transport=RetryTransport(httpx.HTTPTransport(TLS), wait, retry_seconds))


def read(server):
    with open_download(http(), f"{server.address}/export.zip?sig=secret", nothing, 30) as file:
        archive = Archive(file)
        return {member.path: archive.open(member).read() for member in archive.members}


def test_a_zip_is_read_without_being_kept(server):
    assert read(server) == FILES
    assert server.asked == ["/export.zip"]


def test_a_large_file_and_the_directory_are_two_requests(server):
    server.zip = LARGE
    assert read(server) == {"a": bytes(2_000_000)}
    assert server.asked == ["/export.zip"] * 2


def test_an_end_that_breaks_off_is_read_on(server, monkeypatch):
    monkeypatch.setattr(download, "FIRST_PAUSE_SECONDS", 0.01)
    server.zip, server.break_after = LARGE, 100_000
    assert read(server) == {"a": bytes(2_000_000)}
    assert server.asked == ["/export.zip"] * 3


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


def test_server_that_always_breaks_off_raises_unavailable_error(server, monkeypatch):
    server.zip = LARGE
    monkeypatch.setattr(download, "BREAKS", 2)
    reader = RangeReader(http(), f"{server.address}/export.zip", nothing)
    monkeypatch.setattr(reader, "_next", lambda _: b"")
    with pytest.raises(UnavailableError, match="broke off 2 times"):
        reader.read(10)


def test_server_without_ranges_raises(server):
    server.ranges = False
    with pytest.raises(DownloadError, match="200"):
        RangeReader(http(), f"{server.address}/export.zip", nothing)


def test_changed_file_raises(server):
    server.zip = LARGE
    reader = RangeReader(http(), f"{server.address}/export.zip", nothing)
    server.zip += b"more"
    with pytest.raises(DownloadError, match="changed"):
        reader.read(10)


def test_file_replaced_by_one_of_equal_length_raises(server):
    server.zip = LARGE
    reader = RangeReader(http(), f"{server.address}/export.zip", nothing)
    server.etag = '"v2"'
    with pytest.raises(DownloadError, match="changed"):
        reader.read(10)


def test_a_reader_is_a_seekable_file(server):
    reader = RangeReader(http(), f"{server.address}/export.zip", nothing)
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


class Raw:
    """A server of one's own words, byte by byte; the start is None where the end is asked for."""

    def __init__(self, responses, pause=0.0):
        self.asked = []
        self._responses, self._pause = responses, pause
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._respond, args=(connection,), daemon=True).start()

    def _respond(self, connection):
        with connection, suppress(OSError):
            head = connection.recv(65536).decode()
            found = re.search(r"range: bytes=(\d*)-", head, re.IGNORECASE)[1]
            start = int(found) if found else None
            self.asked.append(start)
            for piece in self._responses(start):
                connection.sendall(piece)
                time.sleep(self._pause)

    def close(self):
        self._listener.close()


SIZE = 1_000_000


def partial(start, end, body, size=SIZE):
    head = f"HTTP/1.1 206 Partial Content\r\ncontent-range: bytes {start}-{end}/{size}\r\n"
    return f"{head}content-length: {end - start + 1}\r\n\r\n".encode() + body


def tail(size=SIZE):
    return partial(size - download.TAIL_BYTES, size - 1, bytes(download.TAIL_BYTES), size)


@pytest.fixture
def raw():
    made = []

    def make(*args, **named):
        made.append(Raw(*args, **named))
        return made[-1]

    yield make
    for server in made:
        server.close()


def interruptible(check, timeout=15.0):
    transport = RetryTransport(CancellableTransport(check), lambda _: True)
    return httpx.Client(transport=transport, timeout=timeout)


@pytest.fixture
def _impatient(monkeypatch):
    monkeypatch.setattr(download, "FIRST_PAUSE_SECONDS", 0.01)


def trickle(start):
    if start is None:
        yield tail()
        return
    yield partial(start, SIZE - 1, b"")
    for _ in range(1000):
        yield b"x"


@pytest.mark.usefixtures("_impatient")
def test_a_byte_now_and_then_is_a_download_that_broke_off(raw):
    server = raw(trickle, pause=0.05)
    reader = RangeReader(http(), f"{server.address}/x", nothing, floor_seconds=0.3)
    reader.seek(1)
    with pytest.raises(UnavailableError, match="broke off 5 times"):
        reader.readall()
    assert len(server.asked) == 6


@pytest.mark.usefixtures("_impatient")
def test_a_server_that_ends_after_each_byte_is_asked_a_few_times(raw):
    server = raw(lambda start: [partial(start, SIZE - 1, b"x") if start else tail()])
    reader = RangeReader(http(), f"{server.address}/x", nothing)
    reader.seek(1)
    with pytest.raises(UnavailableError, match="broke off 5 times at byte 6"):
        reader.readall()
    assert server.asked == [None, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("start", "end", "size"), [(0, SIZE - 1, SIZE), (100, 100, SIZE), (100, SIZE, SIZE + 1)]
)
def test_wrong_range_raises_download_error(raw, start, end, size):
    def respond(asked):
        return [partial(start, end, b"x", size) if asked is not None else tail()]

    reader = RangeReader(http(), f"{raw(respond).address}/x", nothing)
    reader.seek(100)
    with pytest.raises(DownloadError, match=r"answered bytes|changed"):
        reader.read(10)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (0, SIZE - 1), (SIZE - 5, SIZE - 1)])
def test_another_range_than_the_end_raises_download_error(raw, start, end):
    server = raw(lambda _: [partial(start, end, b"x")])
    with pytest.raises(DownloadError, match="when asked for the last"):
        RangeReader(http(), f"{server.address}/x", nothing)


@pytest.mark.parametrize("content_range", ["bytes 0-0/*", "bytes 0-0/" + "9" * 5000, "x", ""])
def test_invalid_content_range_raises_download_error(raw, content_range):
    head = f"HTTP/1.1 206 Partial\r\ncontent-range: {content_range}\r\ncontent-length: 1\r\n\r\nx"
    server = raw(lambda _: [head.encode()])
    with pytest.raises(DownloadError, match="206"):
        RangeReader(http(), f"{server.address}/x", nothing)


def test_a_stop_ends_a_read_that_is_blocked(raw):
    stop = threading.Event()

    def check():
        if stop.is_set():
            raise GiveBackError

    def respond(start):
        if start is None:
            yield tail()
            return
        yield partial(start, SIZE - 1, b"x")
        time.sleep(5)

    reader = RangeReader(interruptible(check), f"{raw(respond).address}/x", check)
    reader.seek(1)
    assert reader.read(1) == b"x"
    began = time.monotonic()
    threading.Timer(0.2, stop.set).start()
    with pytest.raises(GiveBackError):
        reader.read(1)
    assert time.monotonic() - began < 1.2


def silence(_):
    yield b""
    time.sleep(5)


def test_a_time_limit_ends_a_read_that_is_blocked(raw):
    began = time.monotonic()
    with (
        time_limit(10, "the rest"),
        pytest.raises(TimeLimitError, match=r"the export took longer than 0\.3 s"),
        time_limit(0.3, "the export"),
        time_limit(10, "a call"),
    ):
        RangeReader(interruptible(check_time), f"{raw(silence).address}/x", nothing)
    assert time.monotonic() - began < 1.5


def test_a_blocked_read_still_has_its_own_timeout(raw):
    began = time.monotonic()
    with pytest.raises(UnavailableError, match="ReadTimeout from GET"):
        RangeReader(interruptible(nothing, timeout=0.7), f"{raw(silence).address}/x", nothing)
    assert 0.6 < time.monotonic() - began < 2


class TestPatience:
    @pytest.mark.parametrize("whole", [True, False])
    def test_a_response_that_breaks_off_is_asked_for_again(self, whole):
        class Broken(httpx.SyncByteStream):
            def __iter__(self):
                yield b"half"
                raise httpx.RemoteProtocolError("peer closed connection")

        streams = [Broken(), httpx.ByteStream(b"all")]
        inner = httpx.MockTransport(lambda _: httpx.Response(200, stream=streams.pop(0)))
        client = httpx.Client(transport=RetryTransport(inner, lambda _: False, whole=whole))
        if whole:
            assert client.get("http://x").content == b"all"
        else:
            with pytest.raises(httpx.RemoteProtocolError):
                client.get("http://x")

    def test_a_response_without_end_is_refused(self, monkeypatch):
        monkeypatch.setattr(retry_transport, "MAX_RESPONSE_BYTES", 10)
        inner = httpx.MockTransport(lambda _: httpx.Response(200, content=b"x" * 11))
        client = httpx.Client(transport=RetryTransport(inner, lambda _: True, whole=True))
        with pytest.raises(UnavailableError, match="RemoteProtocolError"):
            client.get("http://x")

    @pytest.mark.parametrize("encoding", ["gzip", "identity"])
    def test_a_response_is_as_it_was_before_it_was_packed(self, encoding):
        packed = gzip.compress(b"all") if encoding == "gzip" else b"all"
        headers = {"content-encoding": encoding}

        def respond(_):
            return httpx.Response(200, headers=headers, stream=httpx.ByteStream(packed))

        transport = RetryTransport(httpx.MockTransport(respond), lambda _: True, whole=True)
        assert httpx.Client(transport=transport).get("http://x").content == b"all"

    @pytest.mark.parametrize("packed", [b"no gzip", gzip.compress(bytes(20 * 1024**2))])
    def test_a_response_that_cannot_be_unpacked_is_none(self, packed):
        def respond(_):
            headers = {"content-encoding": "gzip"}
            return httpx.Response(200, headers=headers, stream=httpx.ByteStream(packed))

        transport = RetryTransport(httpx.MockTransport(respond), lambda _: True, whole=True)
        with pytest.raises(UnavailableError):
            httpx.Client(transport=transport).get("http://x")

    def test_a_call_that_takes_too_long_is_made_again_unless_all_is_over(self):
        def respond(_):
            check_time()

        inner = httpx.MockTransport(respond)
        transport = RetryTransport(inner, lambda _: True, call_seconds=-1)
        client = httpx.Client(transport=transport)
        with pytest.raises(UnavailableError, match="TimeLimitError"):
            client.get("http://x")
        with pytest.raises(TimeLimitError, match="the export"), time_limit(-2, "the export"):
            client.get("http://x")

    def test_a_busy_server_is_asked_again(self, server):
        server.faults["/export.zip"] = [(503, {}), (429, {"Retry-After": "0"}), (0, {})]
        assert RangeReader(http(10.0), f"{server.address}/export.zip", nothing).size == len(
            server.zip
        )

    def test_retry_after_beyond_the_limit_raises(self, server):
        server.faults["/export.zip"] = [(429, {"Retry-After": "77"})]
        with pytest.raises(UnavailableError, match="429 from GET") as caught:
            RangeReader(http(), f"{server.address}/export.zip?sig=secret", nothing)
        assert caught.value.retry_after == 77
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("", 0),
            ("5", 5),
            ("9" * 400, 3600),
            ("-5", 0),
            ("1.5", 0),
            ("Thu, 01 Jan 9999 00:00:00 GMT", 3600),
            ("soon", 0),
            ("Thu, 01 Jan 1970 00:01:40 GMT", 40),
            ("Thu, 01 Jan 1970 00:00:01 GMT", 0),
        ],
    )
    def test_retry_after_is_seconds_or_a_date(self, header, seconds):
        assert retry_after(header, 60) == seconds


class TestBenchlingClient:
    @pytest.fixture(autouse=True)
    def _quick(self, monkeypatch):
        monkeypatch.setattr(benchling, "FIRST_POLL_SECONDS", 0.01)

    def client(self, server):
        return BenchlingClient(server.address, "id", "secret", http())

    def test_an_entry_is_what_the_api_answers(self, server):
        server.entries["etr_1"] = entry("etr_1")
        assert self.client(server).entry("etr_1")["displayId"] == "EXP1"

    def test_a_revoked_token_is_replaced(self, server):
        server.entries["etr_1"] = entry("etr_1")
        server.faults["/api/v2/entries/etr_1"] = [(401, {})]
        assert self.client(server).entry("etr_1")["id"] == "etr_1"
        assert server.asked.count("/api/v2/token") == 2

    def test_a_refusal_is_told_by_its_status(self, server):
        with pytest.raises(BenchlingClientError, match="the entry: Benchling answered 404"):
            self.client(server).entry("etr_0")

    def test_an_export_that_fails_says_why(self, server):
        server.states = ["FAILED"]
        with pytest.raises(BenchlingClientError, match="FAILED: no such page"):
            self.client(server).export("etr_1", lambda: None)

    def test_an_export_has_an_end(self, server, monkeypatch):
        monkeypatch.setattr(benchling, "EXPORT_SECONDS", 0.05)
        server.states = ["RUNNING"]
        with pytest.raises(BenchlingClientError, match="still runs"):
            self.client(server).export("etr_1", lambda: None)

    def test_the_work_can_be_ended_while_it_waits(self, server):
        server.states = ["RUNNING"]

        def check():
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            self.client(server).export("etr_1", check)

    def test_a_download_of_another_scheme_is_refused(self, server):
        with pytest.raises(BenchlingClientError, match="another scheme"):
            download_url({"response": {"downloadURL": "ftp://127.0.0.1/x"}}, server.address)

    @pytest.mark.parametrize("response", [None, "x", {}, {"downloadURL": None}])
    def test_an_export_without_a_download_is_a_failure(self, server, response):
        with pytest.raises(BenchlingClientError, match="no download"):
            download_url({"response": response}, server.address)
