"""A verified webhook on its way through the queues: one type, both directions."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..runtime.tracing import as_traceparent
from .canvas_request import ID, CanvasRequest, EventError, canvas_request

# The form of a message. A reader takes this and every older one; fields that it
# doesn't know stay where they are.
VERSION = 1
FIELDS = frozenset({"version", "webhook_id", "received_at", "entry_id", "payload", "traceparent"})
# What a message of any content raises where it is read.
UNREADABLE = (
    ArithmeticError,
    AttributeError,
    KeyError,
    RecursionError,
    TypeError,
    ValueError,
)
# The largest message that SQS takes, with its attributes.
# Source: the API reference of SQS, SendMessage.
MESSAGE_BYTES = 1024 * 1024
# What an event may take of it. The rest is for what follows the event on its way:
# the entry that a canvas is in, and the attributes of a dead letter.
EVENT_BYTES = MESSAGE_BYTES - 4096
# What JSON leaves as it is and SQS refuses.
REFUSED = re.compile("[\ud800-\udfff\ufffe\uffff]")


class NewerVersionError(Exception):
    """A message of a later version of the service, for a later worker."""


@dataclass(frozen=True)
class Event:
    """A verified webhook."""

    webhook_id: str
    # When its 200 was due, in seconds since the epoch.
    received_at: float
    # Empty where only the canvas says which entry it is in.
    entry_id: str
    payload: dict[str, Any] = field(repr=False)
    # The span that what is done for it is a child of; empty where it isn't traced. No
    # part of the version: a release that doesn't know it passes it on.
    traceparent: str = ""
    # What another version of the service has written beside these.
    others: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def kind(self) -> str:
        """Return the webhook's type, such as "v2.entry.created"."""
        return str(self.payload["message"]["type"])

    @property
    def app_id(self) -> str:
        """Return the ID of the installed app, or nothing."""
        app = self.payload.get("app")
        app_id = app.get("id") if isinstance(app, dict) else None
        return app_id if isinstance(app_id, str) else ""

    @property
    def canvas(self) -> CanvasRequest | None:
        """Return what a canvas asks for, or None if the event is none of a canvas."""
        return canvas_request(self.payload["message"])

    @property
    def trigger(self) -> dict[str, Any]:
        """Return what the package says of its cause."""
        return {
            "webhook_id": self.webhook_id,
            "received_at": self.received_at,
            "type": self.kind,
            "entry_id": self.entry_id,
        }

    def to_message(self) -> str:
        """Return the event as a message's body, of characters that SQS takes.

        Raises EventError for a number that JSON has no form for.
        """
        message = {
            **self.others,
            "version": VERSION,
            "webhook_id": self.webhook_id,
            "received_at": self.received_at,
            "entry_id": self.entry_id,
            "payload": self.payload,
            **({"traceparent": self.traceparent} if self.traceparent else {}),
        }
        try:
            body = json.dumps(message, allow_nan=False, separators=(",", ":"))
            if len(body) <= EVENT_BYTES:
                return body
            # Characters of most languages take half as much unescaped.
            body = json.dumps(message, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        except ValueError as error:
            raise EventError("the message has a number that is out of range") from error
        return REFUSED.sub(lambda found: f"\\u{ord(found[0]):04x}", body)


def from_message(body: str) -> Event:
    """Return the event of a message's body.

    Raises EventError for what no version of the service can have written, and
    NewerVersionError for what a later one has.
    """
    try:
        message = json.loads(body)
        if int(message.get("version", VERSION)) > VERSION:
            raise NewerVersionError(f"the message has version {message['version']}")
        event = Event(
            message["webhook_id"],
            float(message["received_at"]),
            message["entry_id"],
            message["payload"],
            as_traceparent(message.get("traceparent")),
            {name: value for name, value in message.items() if name not in FIELDS},
        )
        request = event.canvas
    except UNREADABLE as error:
        raise EventError("the message is not an event of the service") from error
    subject = event.entry_id or (request.canvas_id if request else "")
    if not all(isinstance(text, str) and text for text in (event.webhook_id, subject)):
        raise EventError("the message lacks an ID")
    if not math.isfinite(event.received_at):
        raise EventError("the message's received_at is no time")
    if event.entry_id and not ID.fullmatch(event.entry_id):
        raise EventError("the message's entry_id is not an ID")
    return event
