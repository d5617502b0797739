"""One object that is put in parts, by several requests at once."""

from __future__ import annotations

import base64
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol

from isal import isal_zlib

from .uploads import PART_BYTES, Uploads

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Readable(Protocol):
    """A stream."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes, or all."""


class MultipartUpload:
    """A multipart upload, which ``uploads`` aborts unless it is completed."""

    def __init__(
        self, client: S3Client, bucket: str, key: str, uploads: Uploads, check: Callable[[], None]
    ) -> None:
        """Take where the object goes, and a check that raises when the work must end."""
        self._client = client
        self._target: dict[str, Any] = {"Bucket": bucket, "Key": key}
        self._uploads = uploads
        self._check = check

    def put(
        self, content: Readable, crc32: int, described: dict[str, Any], etag: Callable[[], str]
    ) -> Future[str]:
        """Read all, and return the future result of ``etag``, called when S3 has all of it.

        The checksum is that of the full object, which S3 works out of those of the parts.
        What reading raises passes. Source: the user guide of S3, "Checking object
        integrity", full object checksums.
        """
        created = self._uploads.submit(0, self._create, described)
        parts: list[Future[dict[str, Any]]] = []
        while piece := content.read(PART_BYTES):
            number = len(parts) + 1
            parts.append(self._uploads.submit(len(piece), self._part, created, number, piece))

        def complete() -> str:
            self._complete(created.result(), [it.result() for it in parts], crc32)
            return etag()

        return self._uploads.submit(0, complete)

    def _create(self, described: dict[str, Any]) -> str:
        self._check()
        upload_id: str = self._client.create_multipart_upload(
            **self._target, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT", **described
        )["UploadId"]
        target: dict[str, Any] = {**self._target, "UploadId": upload_id}
        self._uploads.undo_later(self, lambda: self._client.abort_multipart_upload(**target))
        return upload_id

    def _part(self, created: Future[str], number: int, content: bytes) -> dict[str, Any]:
        """Put a part; return what names it when the upload is completed."""
        upload_id = created.result()
        self._check()
        checksum = encoded(isal_zlib.crc32(content))
        response = self._client.upload_part(
            **self._target,
            UploadId=upload_id,
            PartNumber=number,
            Body=content,
            ChecksumCRC32=checksum,
        )
        return {"PartNumber": number, "ETag": response["ETag"], "ChecksumCRC32": checksum}

    def _complete(self, upload_id: str, parts: list[Any], crc32: int) -> None:
        self._check()
        self._client.complete_multipart_upload(
            **self._target,
            UploadId=upload_id,
            MultipartUpload={"Parts": parts},
            ChecksumCRC32=encoded(crc32),
            ChecksumType="FULL_OBJECT",
        )
        self._uploads.finished(self)


def encoded(crc32: int) -> str:
    """Return a checksum as S3 takes it."""
    return base64.b64encode(crc32.to_bytes(4, "big")).decode()
