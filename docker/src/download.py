"""A file on an HTTP server, read by ranges: nothing of it is kept."""

from __future__ import annotations

import errno
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx

from .patience import UnavailableError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PARTIAL = 206
PRECONDITION_FAILED = 412
BUFFER_BYTES = 256 * 1024
# A seek forward by less than this reads on instead of asking again.
SKIP_BYTES = 64 * 1024
# Connections that broke one after the other without a byte between them.
BREAKS = 5


class DownloadError(Exception):
    """The server can't be read by ranges, or the file changed while it was read."""


class RangeReader(io.RawIOBase):
    """A seekable file over HTTP that reads on after a broken connection."""

    def __init__(self, http: httpx.Client, address: str) -> None:
        """Ask for the first byte, and with it for the size and the version."""
        self._http = http
        self._address = address
        self._position = 0
        self._stream: httpx.Response | None = None
        self._pieces: Iterator[bytes] = iter(())
        self._rest = b""
        self._streamed_to = 0
        self._etag = ""
        with http.stream("GET", address, headers={"Range": "bytes=0-0"}) as response:
            self._etag = _strong(response.headers.get("etag", ""))
            self.size = _size(response)

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
        for _ in range(BREAKS):
            try:
                piece = self._next(view.nbytes)
            except httpx.TransportError:
                piece = b""
            if piece:
                view[: len(piece)] = piece
                self._position += len(piece)
                return len(piece)
            self._drop()
        raise UnavailableError(f"the download broke off {BREAKS} times at byte {self._position}")

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
        piece, self._rest = self._rest[:limit], self._rest[limit:]
        self._streamed_to += len(piece)
        return piece

    def _open(self) -> None:
        self._drop()
        headers = {"Range": f"bytes={self._position}-", "Accept-Encoding": "identity"}
        if self._etag:
            headers["If-Match"] = self._etag
        request = self._http.build_request("GET", self._address, headers=headers)
        self._stream = self._http.send(request, stream=True)
        if self._stream.status_code == PRECONDITION_FAILED or _size(self._stream) != self.size:
            raise DownloadError("the export changed while it was read")
        self._pieces = self._stream.iter_raw(BUFFER_BYTES)
        self._streamed_to = self._position

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream, self._pieces, self._rest = None, iter(()), b""


def open_download(http: httpx.Client, address: str) -> io.BufferedReader:
    """Return the file at an address, buffered."""
    return io.BufferedReader(RangeReader(http, address), BUFFER_BYTES)


def _size(response: httpx.Response) -> int:
    found = re.fullmatch(r"bytes \d+-\d+/(\d+)", response.headers.get("content-range", ""))
    if response.status_code != PARTIAL or not found:
        raise DownloadError(
            f"the download answered {response.status_code} to a request for a range, not {PARTIAL}"
        )
    return int(found[1])


def _strong(etag: str) -> str:
    return "" if etag.startswith("W/") else etag
