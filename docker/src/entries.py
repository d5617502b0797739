"""How each entry's last export stands: written by the worker, read for the canvas."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .items import assignments, attribute, bound, integer_of, names, text_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RUNNING, PACKAGED, FAILED = "running", "packaged", "failed"


@dataclass(frozen=True)
class Entry:
    """An entry's last export; ``state`` is empty where there was none.

    The package's name stays known while a later export runs or fails.
    """

    state: str = ""
    display_id: str = ""
    package_name: str = ""
    files: int = 0
    # Seconds since the epoch.
    updated_at: int = 0
    reason: str = ""


class Entries:
    """The entries' items in the claims table."""

    def __init__(
        self, client: DynamoDBClient, table: str, clock: Callable[[], float] = time.time
    ) -> None:
        """Take a client; no call is made before the first entry."""
        self._client = client
        self._table = table
        self._clock = clock

    def read(self, entry_id: str) -> Entry:
        """Return how the entry stands."""
        answer = self._client.get_item(TableName=self._table, Key=_key(entry_id))
        item = answer.get("Item", {})
        return Entry(
            text_of(item, "state"),
            text_of(item, "display_id"),
            text_of(item, "package_name"),
            integer_of(item, "files"),
            integer_of(item, "updated_at"),
            text_of(item, "reason"),
        )

    def record(self, entry_id: str, state: str, **values: str | int) -> None:
        """Record the state, and what is given; the rest stays as it was."""
        given = {"state": state, "updated_at": int(self._clock()), **values}
        attributes = {name: attribute(value) for name, value in given.items()}
        self._client.update_item(
            TableName=self._table,
            Key=_key(entry_id),
            UpdateExpression=assignments(attributes),
            ExpressionAttributeNames=names(attributes),
            ExpressionAttributeValues=bound(attributes),
        )


def _key(entry_id: str) -> dict[str, dict[str, str]]:
    return {"id": {"S": f"entry#{entry_id}"}}
