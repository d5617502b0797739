"""remotezip beside the service's own range reader and archive: requests, faults, memory."""

from __future__ import annotations

import io
import json
import random
import re
import struct
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median

import httpx
import remotezip
import requests
from own_code import lines_of, module

download, archive, retry_transport = module("download"), module("archive"), module("retry_transport")
MEMBERS = 40
MEMBER_BYTES = 200_000
ROUNDS = 5
# So long the slow server is waited for.
MAX_WAIT_SECONDS = 8.0


class Site(BaseHTTPRequestHandler):
    """Serves one file by ranges, well or with one fault."""

    protocol_version = "HTTP/1.1"
    content = b""
    fault = ""
    requests = 0

    def do_GET(self) -> None:
        """Answer a range."""
        site = type(self)
        site.requests += 1
        size = len(site.content)
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers["Range"])
        assert found
        first = int(found[1]) if found[1] else max(size - int(found[2]), 0)
        last = min(int(found[2]), size - 1) if found[1] and found[2] else size - 1
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("ETag", '"one"')
        self.end_headers()
        piece = site.content[first : last + 1]
        try:
            if site.fault == "break" and len(piece) > MEMBER_BYTES // 2:
                site.fault = ""
                self.wfile.write(piece[: MEMBER_BYTES // 2])
                self.close_connection = True
            elif site.fault == "slow" and len(piece) > 100_000:
                for byte in piece:
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.05)
            else:
                self.wfile.write(piece)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Serves, and says nothing of the clients that hang up."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


def ordinary() -> bytes:
    """Return a ZIP of some files."""
    text, source = io.BytesIO(), random.Random(1)
    with zipfile.ZipFile(text, "w", zipfile.ZIP_DEFLATED) as made:
        for number in range(MEMBERS):
            made.writestr(f"file{number}", source.randbytes(MEMBER_BYTES))
    return text.getvalue()


def large_directory() -> bytes:
    """Return a ZIP of no content that says it has 65,000 files, each with a comment of 200 bytes."""
    files, comment = 65_000, b"c" * 200
    records = bytearray()
    for number in range(files):
        name = b"%05d" % number
        head = (b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0, len(comment), 0, 0, 0, 0)
        records += struct.pack("<4s6H3I5H2I", *head) + name + comment
    return bytes(records) + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, files, files, len(records), 0, 0)


def by_own(url: str) -> int:
    """Read every member by the service's code; return the bytes."""
    total = 0
    with httpx.Client() as http, download.open_download(http, url, lambda: None, 1.0) as file:
        export = archive.Archive(file)
        for member in export.members:
            with export.open(member) as stream:
                while piece := stream.read(1 << 16):
                    total += len(piece)
    return total


def by_library(url: str) -> int:
    """Read every member by remotezip; return the bytes."""
    total = 0
    with requests.Session() as session, remotezip.RemoteZip(url, session=session, timeout=2) as export:
        for entry in export.infolist():
            with export.open(entry) as stream:
                while piece := stream.read(1 << 16):
                    total += len(piece)
    return total


Read = Callable[[str], int]


def outcome(read: Read, url: str) -> str:
    """Return what comes of reading, within some seconds."""
    seen: list[str] = []

    def run() -> None:
        try:
            seen.append("whole" if read(url) == MEMBERS * MEMBER_BYTES else "short")
        except Exception as error:
            seen.append(type(error).__name__)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(MAX_WAIT_SECONDS)
    return seen[0] if seen else f"still reading after {MAX_WAIT_SECONDS:.0f} s"


def megabytes(read: Read, url: str) -> float:
    """Return the peak of Python's memory while reading."""
    tracemalloc.start()
    outcome(read, url)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main() -> None:
    """Print the rows: what, own, the library's."""
    download.FIRST_PAUSE_SECONDS = 0.01
    server = Server(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/export.zip"
    reads = (by_own, by_library)
    Site.content = ordinary()
    took: dict[Read, list[float]] = {read: [] for read in reads}
    counts = {}
    for _ in range(ROUNDS):
        for read in reads:
            Site.requests, began = 0, time.perf_counter()
            assert read(url) == MEMBERS * MEMBER_BYTES
            took[read].append((time.perf_counter() - began) * 1000)
            counts[read] = Site.requests
    rows: list[list[object]] = [
        [f"all of {MEMBERS} files of 200 kB, ms", *(median(took[read]) for read in reads)],
        ["requests for that", *counts.values()],
    ]
    for what, fault in (("a connection that breaks once", "break"), ("20 bytes a second", "slow")):
        seen = []
        for read in reads:
            Site.fault = fault
            seen.append(outcome(read, url))
        rows.append([what, *seen])
    Site.fault, Site.content = "", large_directory()
    rows.append(["memory for a directory of 65,000 files, MB", *(megabytes(read, url) for read in reads)])
    rows.append(["lines of code of the reader", lines_of("download"), 0])
    print(json.dumps(rows))


main()
