"""S3's calls as a package needs them: checked before each, and verified by S3."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from isal import isal_zlib

from ..runtime.errors import TransientError
from .multipart import MultipartUpload, Readable, encoded
from .uploads import Uploads

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DELETE_AT_ONCE = 1000
# S3's codes where the object isn't the one that a write was to replace.
CONFLICTS = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
NOT_FOUND = "404"

# An object's user metadata.
Labels = dict[str, str]


class StoreError(TransientError):
    """The package isn't whole: somebody else changed it meanwhile; the text says how."""


class Objects:
    """A bucket's objects. S3's refusals are raised as ClientError."""

    def __init__(self, client: S3Client, bucket: str, check: Callable[[], None]) -> None:
        """Take a client, and a check that raises when the work must end.

        Both are used by several threads at once.
        """
        self._client = client
        self._bucket = bucket
        self._check = check

    def uploads(self) -> Uploads:
        """Return the uploads of one package, which end when the work must."""
        return Uploads(self._check)

    def etags(self, prefix: str) -> dict[str, str]:
        """Return the ETags of all objects under a prefix by their keys."""
        found: dict[str, str] = {}
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        self._check()
        for page in pages:
            found.update((item["Key"], item["ETag"]) for item in page.get("Contents", ()))
            self._check()
        return found

    def read(self, key: str) -> bytes | None:
        """Return an object, or None if there is none.

        It is listed first: without the right to list the whole bucket, S3 responds
        403 to a GET of a key that doesn't exist.
        """
        self._check()
        listed = self._client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1)
        if [item["Key"] for item in listed.get("Contents", ())] != [key]:
            return None
        self._check()
        body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
        try:
            return body.read()
        finally:
            body.close()

    def write(self, key: str, content: bytes) -> None:
        """Put an object over whatever lies there."""
        self._check()
        self._client.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=content,
            **_described(key, {}),
            ChecksumCRC32=encoded(isal_zlib.crc32(content)),
        )

    def put(self, key: str, content: bytes, crc32: int, labels: Labels, replaces: str) -> str:
        """Put an object with labels of its own, and return its ETag; S3 checks the checksum.

        ``replaces`` is the ETag of what may be overwritten; if it is empty, nothing
        may. Raises StoreError if something else lies there.
        """
        self._check()
        condition: dict[str, Any] = {"IfMatch": replaces} if replaces else {"IfNoneMatch": "*"}
        try:
            response = self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=content,
                ChecksumCRC32=encoded(crc32),
                **_described(key, labels),
                **condition,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in CONFLICTS:
                raise
            # Or it is our own: S3 took it, its response was lost, the client repeated it.
            return self._etag_of_own(key, labels)
        return response["ETag"]

    def upload(
        self, key: str, content: Readable, crc32: int, labels: Labels, uploads: Uploads
    ) -> Future[str]:
        """Put a large object in parts; the result is its ETag.

        If reading raises, ``uploads`` aborts it at its end, and what lay there stays.
        """
        upload = MultipartUpload(self._client, self._bucket, key, uploads, self._check)
        described = _described(key, labels)
        return upload.put(content, crc32, described, lambda: self._etag_of_own(key, labels))

    def head(self, key: str) -> tuple[str, Labels]:
        """Return an object's ETag and its labels, or nothing if there is none."""
        self._check()
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] == NOT_FOUND:
                return "", {}
            raise
        # Labels travel as headers, whose case a proxy may change.
        return found["ETag"], {name.lower(): value for name, value in found["Metadata"].items()}

    def delete(self, etags: Iterable[tuple[str, str]]) -> None:
        """Delete objects, each while it has its ETag; raises StoreError if S3 keeps any."""
        doomed = list(etags)
        for start in range(0, len(doomed), DELETE_AT_ONCE):
            batch = doomed[start : start + DELETE_AT_ONCE]
            self._check()
            response = self._client.delete_objects(
                Bucket=self._bucket,
                Delete={
                    "Objects": [{"Key": key, "ETag": etag} for key, etag in batch],
                    "Quiet": True,
                },
            )
            if errors := response.get("Errors"):
                raise StoreError(
                    f"{len(errors)} stale files can't be deleted ({errors[0]['Code']})"
                )

    def _etag_of_own(self, key: str, labels: Labels) -> str:
        etag, found = self.head(key)
        etag = etag if labels.items() <= found.items() else ""
        if not etag:
            raise StoreError("a file was replaced by somebody else while it was written")
        return etag


def _described(key: str, labels: Labels) -> dict[str, Any]:
    """Return what S3 is told of an object beside its content."""
    kind, encoding = mimetypes.guess_type(key)
    return {
        "ContentType": kind if kind and not encoding else "application/octet-stream",
        "Metadata": labels,
    }
