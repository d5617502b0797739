"""How each entry's last export stands: written by the worker, shown on canvases.

Every change of what a canvas shows is announced on the canvas queue before it
is written, with the version that it will have: a worker that dies in between
leaves an announcement without a change, which draws what is there, and never a
change that no canvas shows.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from ..queues.canvas_view import FIRST_VIEW, CanvasView, LinkedView
from ..queues.dynamodb_attributes import (
    attribute,
    attribute_names,
    attribute_values,
    plain,
    update_expression,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A write that takes longer than this after its announcement is announced again.
LATE_SECONDS = 2.0
# As many of an entry's canvases are remembered; Benchling lists the others.
MAX_CANVASES = 50

# The states, in the order in which an export takes them.
RUNNING = "running"
HANDED = "handed to Quilt"
PACKAGED = "packaged"
# Quilt was silent for longer than a setting allows.
UNCONFIRMED = "not confirmed"
FAILED = "failed"


@dataclass(frozen=True)
class ExportStatus:
    """An entry's last export; ``state`` is empty where there was none.

    What an earlier export left stays known while a later one runs or fails.
    Times are in seconds since the epoch, and 0 where there is none.
    """

    state: str = ""
    # Grows by one with every change.
    version: int = 0
    updated_at: float = 0
    # Why the last export failed.
    reason: str = ""
    display_id: str = ""
    package_name: str = ""
    files: int = 0
    # How many files of the export aren't in the package.
    left_out: int = 0
    # When the last export that succeeded began to read the entry: it holds
    # everything that was in the entry then.
    read_at: float = 0
    # When the event came for which Quilt was asked last, and when it was asked.
    event_at: float = 0
    handed_at: float = 0
    # The span in which Quilt was asked, until its word has come; empty where it isn't traced.
    traceparent: str = ""
    # Quilt's last known revision, when it was made, and of what.
    top_hash: str = ""
    confirmed_at: float = 0
    fingerprint: str = ""
    # When the last attempt failed for good.
    failed_at: float = 0
    # When somebody asked for an export on a canvas.
    requested_at: float = 0
    # The installed app, whose canvases these are.
    app_id: str = ""
    # The canvases from which something was asked, and the page that each shows: JSON.
    canvases: str = "{}"
    # Those of them that show the metadata: JSON. Beside the pages, not in their
    # place, so that the release before this one can read them.
    metadata_canvases: str = "[]"
    # Those of them that show a package that is linked to the entry, and what of it: JSON.
    linked_canvases: str = "{}"
    # The packages whose metadata name the entry: JSON. When they were searched for
    # last, why that failed, and the query that runs, since when.
    linked: str = "[]"
    linked_at: float = 0
    linked_reason: str = ""
    linked_query: str = ""
    linked_query_at: float = 0
    # Without exports: when the entry was read last, or failed to be, and why it failed.
    entry_at: float = 0
    entry_reason: str = ""

    @property
    def known_canvases(self) -> dict[str, CanvasView]:
        """Return what each known canvas of the entry shows, by its ID."""
        metadata = frozenset(json.loads(self.metadata_canvases))
        pages: dict[str, int] = json.loads(self.canvases)
        linked = {it: LinkedView(*view) for it, view in json.loads(self.linked_canvases).items()}
        return {it: CanvasView(page, it in metadata, linked.get(it)) for it, page in pages.items()}


Values = dict[str, str | float]
# What to write, in view of the status that is there: values by field, or nothing.
Change = Callable[[ExportStatus], Mapping[str, str | float] | None]


class ExportStatuses:
    """The entries' items in the claims table."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        announce: Callable[[str, int], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take a client and what announces that an entry will have a version."""
        self._client = client
        self._table = table
        self._announce = announce
        self._clock = clock

    def read(self, entry_id: str) -> ExportStatus:
        """Return how the entry stands."""
        return _status(self._item(f"entry#{entry_id}"))

    def change(self, entry_id: str, change: Change, *, shown: bool = True) -> ExportStatus | None:
        """Announce and write a change; what it doesn't name stays as it was.

        A change that no canvas shows isn't announced. Returns the status, or None
        where ``change`` returns nothing for the one that is there. Changes of
        several workers at once come one after the other.
        """
        while True:
            before = self.read(entry_id)
            values = change(before)
            if not values:
                return None
            if "state" in values:
                values = {"updated_at": self._clock(), **values}
            version, began = before.version + 1, time.monotonic()
            if shown:
                self._announce(entry_id, version)
            attributes = {
                name: attribute(value) for name, value in {**values, "version": version}.items()
            }
            try:
                response = self._client.update_item(
                    TableName=self._table,
                    Key={"id": {"S": f"entry#{entry_id}"}},
                    UpdateExpression=update_expression(attributes),
                    ConditionExpression="attribute_not_exists(#version) OR #version = :before",
                    ExpressionAttributeNames=attribute_names(attributes),
                    ExpressionAttributeValues={
                        **attribute_values(attributes),
                        ":before": attribute(before.version),
                    },
                    ReturnValues="ALL_NEW",
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                continue
            if shown and time.monotonic() - began > LATE_SECONDS:
                # Whoever draws may have given up waiting.
                self._announce(entry_id, version)
            return _status(plain(response["Attributes"]))

    def remember_canvas(
        self, entry_id: str, canvas_id: str, view: CanvasView | None = None
    ) -> CanvasView:
        """Record a canvas of the entry, and what it shows from now on.

        Without a view it is what it has shown last; one of a linked package leads back
        to the page that it has shown last. Returns the view.
        """
        shown = FIRST_VIEW

        def remembered(status: ExportStatus) -> Values | None:
            nonlocal shown
            known = status.known_canvases
            before = known.pop(canvas_id, None)
            shown = view or before or FIRST_VIEW
            if shown.linked and before:
                shown = replace(shown, page=before.page)
            if shown == before:
                return None
            kept = list(known.items())[1 - MAX_CANVASES :]
            return _canvases({**dict(kept), canvas_id: shown})

        self.change(entry_id, remembered, shown=False)
        return shown

    def forget_canvas(self, entry_id: str, canvas_id: str) -> None:
        """Record that a canvas of the entry can't be drawn any more."""

        def forgotten(status: ExportStatus) -> Values | None:
            known = status.known_canvases
            return _canvases(known) if known.pop(canvas_id, None) else None

        self.change(entry_id, forgotten, shown=False)

    def own_package(self, package_name: str, entry_id: str) -> bool:
        """Record whose package it is; return False if it is another entry's."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"id": {"S": f"package#{package_name}"}},
                UpdateExpression="SET entry_id = :entry_id",
                ConditionExpression="attribute_not_exists(entry_id) OR entry_id = :entry_id",
                ExpressionAttributeValues={":entry_id": {"S": entry_id}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def entry_of_package(self, package_name: str) -> str:
        """Return the ID of the entry of a package, or nothing."""
        return str(self._item(f"package#{package_name}").get("entry_id", ""))

    def _item(self, key: str) -> dict[str, Any]:
        response = self._client.get_item(
            TableName=self._table, Key={"id": {"S": key}}, ConsistentRead=True
        )
        return plain(response.get("Item", {}))


def _canvases(known: Mapping[str, CanvasView]) -> Values:
    return {
        "canvases": json.dumps({it: view.page for it, view in known.items()}),
        "metadata_canvases": json.dumps([it for it, view in known.items() if view.metadata]),
        "linked_canvases": json.dumps(
            {it: astuple(view.linked) for it, view in known.items() if view.linked}
        ),
    }


def _status(item: Mapping[str, Any]) -> ExportStatus:
    known = {it.name for it in fields(ExportStatus)}
    return ExportStatus(**{name: value for name, value in item.items() if name in known})
