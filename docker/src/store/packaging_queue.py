"""The message by which Quilt makes a package of the files."""

from __future__ import annotations

import json

from ..queues.sqs import Queue
from .packages import Package


class PackagingQueue:
    """Quilt's packaging queue, FIFO or standard."""

    def __init__(self, queue: Queue, workflow: str | None = None) -> None:
        """Take the queue and the workflow: None is the registry's default, "" is none."""
        self._queue = queue
        self._workflow = workflow

    @property
    def name(self) -> str:
        """Return the queue's name."""
        return self._queue.name

    def request_package(self, package: Package, entry_id: str, webhook_id: str) -> None:
        """Ask for a package of what is stored under its prefix.

        A FIFO queue drops a second request for the same webhook.
        Source of the form: Quilt's documentation of its Packaging Engine.
        """
        message = {
            "source_prefix": f"s3://{package.bucket}/{package.name}/",
            "registry": package.bucket,
            "package_name": package.name,
            "metadata_uri": package.metadata,
            "commit_message": f"Benchling entry {entry_id}, webhook {webhook_id}",
        }
        if self._workflow is not None:
            message["workflow"] = self._workflow
        self._queue.send(json.dumps(message), package.name, webhook_id)
