"""A large export must not need a large task.

EXPORT_MIB is the export's size: 64 by default; the design's figure is 2048
(`make -C docker bench-export`).
"""

import os
import re
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytestmark = pytest.mark.slow

EXPORT_MIB = int(os.environ.get("EXPORT_MIB", "64"))
PEAK_MIB = 256
MIB = 1024 * 1024


class _Server(ThreadingHTTPServer):
    """Serves a ZIP by ranges, and takes what S3 would take, counting the bytes."""

    daemon_threads = True

    def __init__(self, path):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.path, self.size = path, path.stat().st_size
        self.taken = 0
        # The user metadata of each object, by its path.
        self.labels = {}
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        """The reader drops a connection to go elsewhere in the file."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if "list-type" in self.path:
            self._answer(b"<ListBucketResult/>")
            return
        start, end = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers["range"]).groups()
        last = self.server.size - 1
        start, end = (int(start), int(end or last)) if start else (last + 1 - int(end), last)
        self.send_response(206)
        self.send_header("content-range", f"bytes {start}-{end}/{self.server.size}")
        self.send_header("content-length", str(end - start + 1))
        self.end_headers()
        with self.server.path.open("rb") as file:
            file.seek(start)
            left = end - start + 1
            while left and (piece := file.read(min(left, MIB))):
                self.wfile.write(piece)
                left -= len(piece)

    def do_HEAD(self):
        self._answer(b"", etag='"whole"', **self.server.labels[self.path])

    def do_PUT(self):
        self._take()
        self._answer(b"", etag='"part"')

    def do_POST(self):
        self._take()
        if "uploads" in self.path:
            self.server.labels[self.path.split("?")[0]] = {
                name: value for name, value in self.headers.items() if "x-amz-meta-" in name
            }
            self._answer(
                b"<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                b"</InitiateMultipartUploadResult>"
            )
        else:
            self._answer(b"<CompleteMultipartUploadResult/>")

    def _take(self):
        left = int(self.headers.get("content-length", "0"))
        with self.server.lock:
            self.server.taken += left
        while left:
            left -= len(self.rfile.read(min(left, MIB)))

    def _answer(self, body, **headers):
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server(tmp_path):
    path = tmp_path / "export.zip"
    with (
        zipfile.ZipFile(path, "w") as archive,
        archive.open("large.bin", "w", force_zip64=True) as f,
    ):
        for _ in range(EXPORT_MIB):
            f.write(bytes(MIB))
    server = _Server(path)
    yield server
    server.shutdown()
    server.server_close()


def test_four_large_exports_at_once_fit_into_a_small_task(server, capsys):
    address = f"http://127.0.0.1:{server.server_address[1]}"
    done = subprocess.run(
        [sys.executable, "-m", "tests.export_memory", f"{address}/export.zip", address],
        env={**os.environ, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    peak = int(done.stdout) / 1024
    with capsys.disabled():
        sys.stdout.write(f"\npeak memory at four exports of {EXPORT_MIB} MiB: {peak:.0f} MiB\n")
    assert server.taken > 4 * EXPORT_MIB * MIB
    assert peak < PEAK_MIB
