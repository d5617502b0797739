"""Announcements on the canvas queue: the canvases of an entry must show a change."""

from __future__ import annotations

import json
import math
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..queues.canvas_request import ID, EventError

if TYPE_CHECKING:
    from ..queues.sqs import Queue


@dataclass(frozen=True)
class Redraw:
    """All canvases of an entry are to show its status of a version, or a later one."""

    entry_id: str
    version: int
    # When it was announced first, in seconds since the epoch.
    since: float


def announce(queue: Queue, entry_id: str, version: int, since: float = 0) -> None:
    """Have an entry's canvases drawn when its status has the version.

    ``since`` is when that was announced first, now by default.
    """
    body = json.dumps(
        {"redraw": entry_id, "status_version": version, "since": since or time.time()}
    )
    # The same version can be announced again, by who takes over from the dead.
    queue.send(body, entry_id, uuid.uuid4().hex)


def redraw_of(message: Mapping[str, Any]) -> Redraw:
    """Return the announcement of a message; raises EventError if it is none."""
    try:
        entry_id, version, since = (
            str(message["redraw"]),
            int(message["status_version"]),
            float(message["since"]),
        )
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        raise EventError("the message is no announcement") from error
    if not ID.fullmatch(entry_id) or not math.isfinite(since):
        raise EventError("the message is no announcement")
    return Redraw(entry_id, version, since)
