"""The message by which Quilt makes a package of the files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .intake import identifier
from .packages import METADATA, Package

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class PackagingQueue:
    """Quilt's packaging queue, FIFO or standard."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        """Take a client; a queue whose address ends in .fifo drops a second telling."""
        self._client = client
        self._queue_url = queue_url

    def tell(self, package: Package, entry_id: str, webhook_id: str) -> None:
        """Ask for a package of what is stored under its prefix."""
        message = {
            "source_prefix": f"s3://{package.bucket}/{package.prefix}",
            "registry": package.bucket,
            "package_name": package.name,
            "metadata_uri": METADATA,
            "commit_message": f"Benchling entry {entry_id}, webhook {webhook_id}",
        }
        order: dict[str, Any] = {}
        if self._queue_url.endswith(".fifo"):
            order = {
                "MessageGroupId": identifier(package.name),
                "MessageDeduplicationId": identifier(webhook_id),
            }
        self._client.send_message(
            QueueUrl=self._queue_url, MessageBody=json.dumps(message), **order
        )
