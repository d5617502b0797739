"""A queue as its consumers use it: SQS's verbs on one URL."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# The group and deduplication IDs that SQS takes.
# Source: the API reference of SQS, SendMessage.
IDENTIFIER = re.compile(r"[!-~]{1,128}")
# SQS hides a message for at most twelve hours; nobody should wait that long.
MAX_HIDDEN_SECONDS = 3600
# The longest that SQS delays a message.
MAX_DELAY_SECONDS = 900
# A dead letter's attribute that counts attempts; `make redrive` reads it by this name.
ATTEMPTS = "tries"


@dataclass(frozen=True)
class Received:
    """A message as it was received."""

    message_id: str
    receipt: str
    body: str
    # How often SQS has handed it out, this time included.
    receives: int


class Queue:
    """One queue, FIFO or standard."""

    def __init__(self, client: SQSClient, url: str) -> None:
        """Take a client; no call is made."""
        self._client = client
        self._url = url

    @property
    def fifo(self) -> bool:
        """Return whether SQS keeps the order within a group, and drops repeated messages."""
        return self._url.endswith(".fifo")

    @property
    def name(self) -> str:
        """Return the queue's name."""
        return self._url.rpartition("/")[2]

    def receive(self, hidden_seconds: float, wait_seconds: int) -> Received | None:
        """Return the next message, hidden from others for some seconds; None if none came."""
        response = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=1,
            WaitTimeSeconds=wait_seconds,
            VisibilityTimeout=round(hidden_seconds),
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        for message in response.get("Messages", ()):
            receives = message.get("Attributes", {}).get("ApproximateReceiveCount", "1")
            return Received(
                message["MessageId"], message["ReceiptHandle"], message["Body"], int(receives)
            )
        return None

    def change_visibility(self, message: Received, seconds: float) -> None:
        """Hide a message from receivers for some seconds; 0 shows it at once."""
        self._client.change_message_visibility(
            QueueUrl=self._url,
            ReceiptHandle=message.receipt,
            VisibilityTimeout=min(round(seconds), MAX_HIDDEN_SECONDS),
        )

    def delete(self, message: Received) -> None:
        """End a message."""
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)

    def send(
        self,
        body: str,
        group: str = "",
        deduplication: str = "",
        delay_seconds: float = 0,
        attributes: Mapping[str, str] | None = None,
    ) -> None:
        """Send a message; the group and the deduplication count in a FIFO queue alone.

        A delay counts in a standard queue alone.
        """
        options: dict[str, Any] = {}
        if self.fifo:
            options["MessageGroupId"] = identifier(group)
            options["MessageDeduplicationId"] = identifier(deduplication)
        elif delay_seconds:
            options["DelaySeconds"] = min(round(delay_seconds), MAX_DELAY_SECONDS)
        if attributes:
            options["MessageAttributes"] = {
                name: {"DataType": "String", "StringValue": printable(value)}
                for name, value in attributes.items()
            }
        self._client.send_message(QueueUrl=self._url, MessageBody=body, **options)


class DeadLetterQueue:
    """Where messages go that failed for good, each with its reason."""

    def __init__(self, queue: Queue) -> None:
        """Take the queue."""
        self._queue = queue

    def send(
        self, message: Received, event_id: str, group: str, reason: str, attempts: int
    ) -> None:
        """Write the dead letter; the caller deletes the message after it."""
        attributes = {
            "reason": reason,
            ATTEMPTS: str(attempts),
            "failed_at": datetime.now(UTC).isoformat(),
        }
        self._queue.send(
            message.body,
            group or event_id,
            f"{event_id}:{time.time():.3f}",
            attributes=attributes,
        )


def identifier(text: str) -> str:
    """Return the text, or its hash where SQS doesn't allow it as an identifier."""
    if IDENTIFIER.fullmatch(text):
        return text
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def printable(text: str) -> str:
    """Return a text without what SQS refuses, and bounded."""
    return "".join(it if it.isprintable() else "?" for it in text)[:500]
