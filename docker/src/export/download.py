"""A file on an HTTP server, read by ranges: nothing of it is kept."""

from __future__ import annotations

import errno
import io
import re
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import httpx

from ..runtime.errors import TransientError
from ..runtime.time_limits import pause
from .retry_transport import UnavailableError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PARTIAL = 206
PRECONDITION_FAILED = 412
BUFFER_BYTES = 256 * 1024
# What the first request asks for: the end, where a ZIP has its directory. Of a small
# export it is all, of a large one the names of some 2,000 files.
TAIL_BYTES = BUFFER_BYTES
# A seek forward by less than this reads on instead of asking again.
SKIP_BYTES = 64 * 1024
# A connection that brings less than this in this time has broken off. So has one that
# ends before it: a server that sends a byte for each request is none to be asked on.
FLOOR_BYTES = 64 * 1024
FLOOR_SECONDS = 30.0
# Connections that broke one after the other, and the pause after the first.
BREAKS = 5
FIRST_PAUSE_SECONDS = 0.5


class DownloadError(TransientError):
    """The server can't be read by ranges, or the file changed while it was read.

    The next export has a new URL.
    """


class RangeReader(io.RawIOBase):
    """A seekable file over HTTP that reads on after a broken connection."""

    def __init__(
        self,
        http: httpx.Client,
        url: str,
        check: Callable[[], None],
        floor_seconds: float = FLOOR_SECONDS,
    ) -> None:
        """Read the end of the file, and learn its size and version from the same response.

        ``check`` raises when the work must end; it is called between pieces. A
        connection that brings less than FLOOR_BYTES in ``floor_seconds`` is broken off.
        """
        self._floor_seconds = floor_seconds
        self._http = http
        self._url = url
        self._check = check
        self._breaks = 0
        # What came of the open stream since when.
        self._came = 0
        self._came_since = 0.0
        self._position = 0
        self._stream: httpx.Response | None = None
        self._pieces: Iterator[bytes] = iter(())
        self._rest = b""
        self._streamed_to = 0
        self._etag = ""
        self._tail = b""
        self._tail = self._read_tail()

    def _read_tail(self) -> bytes:
        """Return the last TAIL_BYTES of the file, or all of a smaller one."""
        self._stream = self._ask(f"bytes=-{TAIL_BYTES}")
        first, last, self.size = _range(self._stream)
        self._etag = _strong(self._stream.headers.get("etag", ""))
        if (first, last) != (max(self.size - TAIL_BYTES, 0), self.size - 1):
            raise DownloadError(
                f"the download answered bytes {first} to {last} of {self.size} when asked for"
                f" the last {TAIL_BYTES}"
            )
        self._begin(self._stream, first)
        self._position = first
        pieces: list[bytes] = []
        while piece := self.read(TAIL_BYTES):
            pieces.append(piece)
        self._drop()
        self._position = 0
        return b"".join(pieces)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; no request is made before the next read."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            # As every file does; zipfile looks for it.
            raise OSError(errno.EINVAL, "negative seek position")
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read up to the buffer's length; 0 is the end of the file."""
        view = memoryview(buffer).cast("B")
        if not view.nbytes or self._position >= self.size:
            return 0
        if (in_tail := self._position - self.size + len(self._tail)) >= 0:
            piece = self._tail[in_tail : in_tail + view.nbytes]
            view[: len(piece)] = piece
            self._position += len(piece)
            return len(piece)
        while True:
            self._check()
            try:
                piece = self._next(view.nbytes)
            except httpx.TransportError:
                piece = b""
            if piece:
                view[: len(piece)] = piece
                self._position += len(piece)
                return len(piece)
            self._break_off()

    def _break_off(self) -> None:
        """Pause before the rest is asked for again; raises UnavailableError if it is too much."""
        self._drop()
        self._breaks += 1
        if self._breaks >= BREAKS:
            raise UnavailableError(
                f"the download broke off {BREAKS} times at byte {self._position}"
            )
        pause(FIRST_PAUSE_SECONDS * 2 ** (self._breaks - 1), self._check)

    def close(self) -> None:
        """Close the connection."""
        self._drop()
        super().close()

    def _next(self, limit: int) -> bytes:
        """Return the next bytes from the position on; nothing if the stream ended early."""
        ahead = self._position - self._streamed_to
        if self._stream is None or not 0 <= ahead <= SKIP_BYTES:
            self._open()
        while self._streamed_to < self._position:
            if not self._take(self._position - self._streamed_to):
                return b""
        return self._take(limit)

    def _take(self, limit: int) -> bytes:
        if not self._rest:
            self._rest = next(self._pieces, b"")
            self._weigh(len(self._rest))
        piece, self._rest = self._rest[:limit], self._rest[limit:]
        self._streamed_to += len(piece)
        return piece

    def _weigh(self, size: int) -> None:
        """Count what came; raises ReadTimeout below the floor."""
        self._came += size
        if self._came >= FLOOR_BYTES:
            self._came, self._came_since, self._breaks = 0, time.monotonic(), 0
        elif time.monotonic() - self._came_since > self._floor_seconds:
            raise httpx.ReadTimeout("the download is too slow")

    def _open(self) -> None:
        self._drop()
        self._stream = self._ask(f"bytes={self._position}-")
        if self._stream.status_code == PRECONDITION_FAILED:
            raise DownloadError("the export changed while it was read")
        first, last, size = _range(self._stream)
        if size != self.size:
            raise DownloadError("the export changed while it was read")
        if (first, last) != (self._position, size - 1):
            raise DownloadError(
                f"the download answered bytes {first} to {last} when asked for all from byte"
                f" {self._position} on"
            )
        self._begin(self._stream, self._position)

    def _ask(self, wanted: str) -> httpx.Response:
        headers = {"Range": wanted, "Accept-Encoding": "identity"}
        if self._etag:
            headers["If-Match"] = self._etag
        request = self._http.build_request("GET", self._url, headers=headers)
        return self._http.send(request, stream=True)

    def _begin(self, stream: httpx.Response, position: int) -> None:
        """Read from a stream, whose first byte is at a position."""
        # As the pieces come: in larger ones, a byte a second would show after days.
        self._pieces = stream.iter_raw()
        self._streamed_to = position
        self._came, self._came_since = 0, time.monotonic()

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream, self._pieces, self._rest = None, iter(()), b""


def open_download(
    http: httpx.Client, url: str, check: Callable[[], None], floor_seconds: float
) -> io.BufferedReader:
    """Return the file at a URL, buffered; see RangeReader."""
    return io.BufferedReader(RangeReader(http, url, check, floor_seconds), BUFFER_BYTES)


def _range(response: httpx.Response) -> tuple[int, int, int]:
    """Return the first and the last byte of a response, and the size of the file."""
    content_range = response.headers.get("content-range", "")
    found = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", content_range)
    if response.status_code != PARTIAL or not found:
        raise DownloadError(
            f"the download answered {response.status_code} to a request for a range, not {PARTIAL}"
        )
    return int(found[1]), int(found[2]), int(found[3])


def _strong(etag: str) -> str:
    return "" if etag.startswith("W/") else etag
