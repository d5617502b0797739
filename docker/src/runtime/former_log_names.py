"""The names that log lines and their fields had in the release before this one.

For this release each renamed line carries them, too. The next release drops this
module; docs/logs.md lists all lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from structlog.typing import EventDict, WrappedLogger


@dataclass(frozen=True)
class Former:
    """What a line was called, and what it said in fields of other names."""

    event: str
    # By a field's former name: its present one, and its former value from the present one.
    fields: Mapping[str, tuple[str, Callable[[Any], object]]] = field(default_factory=dict)


def _same(value: object) -> object:
    return value


def _seconds(milliseconds: int) -> float:
    return round(milliseconds / 1000, 2)


def _earlier(attempt: int) -> int:
    return attempt - 1


FORMER = {
    "canvas.attempt_failed": Former("attempt failed"),
    "canvas.dead_lettered": Former("dead letter"),
    "canvas.draw_failed": Former("canvas not drawn"),
    "canvas.files_not_read": Former("canvas without files"),
    "canvas.list_failed": Former("canvases not listed"),
    "canvas.metadata_not_read": Former("canvas.metadata_not_read"),
    "canvas.redraw_abandoned": Former("canvases not drawn"),
    "claim.held": Former("held by another worker", {"seconds": ("delay_seconds", _same)}),
    "claim.lost": Former("lost the claim"),
    "claim.renewal_failed": Former("heartbeat failed"),
    "connections.closed": Former("connections closed", {"too slow": ("too_slow", _same)}),
    "credentials.check_crashed": Former("credentials unproven"),
    "credentials.check_failed": Former("credentials unproven"),
    "event.attempt_failed": Former("attempt failed", {"attempts": ("attempt", _same)}),
    "event.completed": Former("done", {"seconds": ("duration_ms", _seconds)}),
    "event.dead_lettered": Former("dead letter"),
    "event.duplicate": Former("duplicate"),
    "event.left_to_newer_version": Former("left to a later version"),
    "event.postponed": Former("export postponed", {"seconds": ("delay_seconds", _same)}),
    "event.released": Former("given back"),
    "event.started": Former("working", {"earlier_attempts": ("attempt", _earlier)}),
    "export.requested": Former("export requested"),
    "export_record.rejected": Former("export record unreadable"),
    "front_door.probe_failed": Former("front door closed"),
    "key.skipped": Former("key left out"),
    "keys.fetch_crashed": Former("keys not fetched"),
    "keys.not_fetched": Former("keys not fetched"),
    "keys.unavailable": Former("unavailable"),
    "message.dead_lettered": Former("dead letter"),
    "package.confirmed": Former("package confirmed", {"seconds": ("duration_ms", _seconds)}),
    "package.requested": Former("package handed over"),
    "package.unchanged": Former("package unchanged"),
    "package.unconfirmed": Former("package.unconfirmed", {"seconds": ("timeout_seconds", _same)}),
    "queue.unavailable": Former("unavailable"),
    "readiness.check_crashed": Former("readiness unknown"),
    "request.completed": Former("answered", {"milliseconds": ("duration_ms", _same)}),
    "revision.ignored": Former("revision of another package"),
    "revision.rejected": Former("no package-revision event"),
    "revision.unmatched": Former("revision of no export"),
    "service.drain_started": Former("draining"),
    "service.load_failed": Former("not loaded"),
    "service.not_ready": Former("not ready"),
    # The address followed, which is in the field message now.
    "service.started": Former("Running on"),
    "service.stopped": Former("stopped"),
    "task_protection.change_failed": Former("task protection unchanged"),
    "task_protection.changed": Former("task protection"),
    "thread.ended": Former("background thread ended"),
    "upload.abort_failed": Former("upload.abort_failed"),
    "worker.poll_failed": Former("unavailable"),
    "worker.stopped": Former("worker stopped"),
}


def add_former_names(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Add a renamed line's former names: structlog's processor."""
    event = line.get("event")
    if isinstance(event, str) and (former := FORMER.get(event)):
        line["former_event"] = former.event
        for name, (now, value_of) in former.fields.items():
            if now in line:
                line[name] = value_of(line[now])
    return line
