"""The claims table: at most one worker processes an event.

There is one item per webhook ID, kept for longer than SQS or Benchling would send
the event again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .dynamodb_attributes import (
    Attribute,
    attribute,
    attribute_names,
    attribute_values,
    plain,
    text_of,
    update_expression,
)
from .failures import error_code

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# The intake queue keeps a message for 14 days, and the dead-letter queue for
# another 14, from which it is sent again by hand (constructs/queues.go).
KEEP_SECONDS = 30 * 24 * 3600

WORKING, DONE, FAILED = "working", "done", "failed"
# The attribute that counts attempts; tasks of the last release read it by this name.
ATTEMPTS = "tries"


class LostClaimError(Exception):
    """Another worker has the event now; what is left of the work is its own."""


@dataclass(frozen=True)
class ClaimedElsewhere:
    """Another worker has claimed the event, until ``seconds`` from now."""

    seconds: float


@dataclass(frozen=True)
class Claim:
    """An event that this worker has, and what earlier attempts left."""

    webhook_id: str
    owner: str
    attempts: int = 0
    # The package that is stored already and Quilt only has to be notified of, if any.
    package: dict[str, Any] | None = None


class Claims:
    """Conditional writes to the table; ``lease_seconds`` is how long a claim lives."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        lease_seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take a client; no call is made before the first event."""
        self._client = client
        self._table = table
        self._lease_seconds = lease_seconds
        self._clock = clock

    def claim(self, webhook_id: str, owner: str) -> Claim | ClaimedElsewhere | None:
        """Return the claim, who holds it, or None if the event is done.

        ``owner`` names one attempt, not one worker: a second delivery to the same
        worker must not pass for the first.
        """
        now = self._clock()
        try:
            response = self._client.update_item(
                TableName=self._table,
                Key={"id": {"S": f"webhook#{webhook_id}"}},
                UpdateExpression="SET #state = :working, #owner = :owner, "
                "#lease = :lease, #expires = :expires",
                ConditionExpression="attribute_not_exists(id) OR #state = :failed"
                " OR (#state = :working AND #lease < :now)",
                ExpressionAttributeNames={
                    "#state": "state",
                    "#owner": "owner",
                    "#lease": "lease_until",
                    "#expires": "expires_at",
                },
                ExpressionAttributeValues={
                    ":working": {"S": WORKING},
                    ":failed": {"S": FAILED},
                    ":owner": {"S": owner},
                    ":lease": attribute(now + self._lease_seconds),
                    ":now": attribute(now),
                    ":expires": attribute(int(now) + KEEP_SECONDS),
                },
                ReturnValues="ALL_OLD",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            held: dict[str, Any] = error.response.get("Item", {})  # type: ignore[assignment]
            if text_of(held, "state") == DONE:
                return None
            return ClaimedElsewhere(max(float(held.get("lease_until", {"N": "0"})["N"]) - now, 1))
        before = response.get("Attributes", {})
        again = text_of(before, "state") != FAILED
        return Claim(
            webhook_id,
            owner,
            attempts=int(before[ATTEMPTS]["N"]) if again and ATTEMPTS in before else 0,
            package=_package(before),
        )

    def renew(self, claim: Claim) -> None:
        """Make the claim live for another lease, or raise LostClaimError."""
        self._change(claim, lease_until=attribute(self._clock() + self._lease_seconds))

    def stored(self, claim: Claim, package: dict[str, Any]) -> None:
        """Record that the package's files are in place: a redo only asks Quilt for a revision."""
        self._change(
            claim,
            lease_until=attribute(self._clock() + self._lease_seconds),
            package={"M": {name: attribute(value) for name, value in package.items()}},
        )

    def done(self, claim: Claim) -> None:
        """Record that the event had its one effect."""
        self._change(claim, state={"S": DONE}, lease_until=attribute(0))

    def release(self, claim: Claim) -> None:
        """Let the next worker have the event at once; no attempt is counted."""
        self._change(claim, lease_until=attribute(0))

    def failed(self, claim: Claim, reason: str, *, last: bool) -> None:
        """Count an attempt and record why it failed; after the ``last`` there is no other."""
        self._change(
            claim,
            state={"S": FAILED if last else WORKING},
            lease_until=attribute(0),
            reason={"S": reason},
            **{ATTEMPTS: attribute(claim.attempts + 1)},
        )

    def problem(self) -> str:
        """Return why the table can't be used, or nothing."""
        try:
            self._client.get_item(TableName=self._table, Key={"id": {"S": "readiness"}})
        except Exception as error:  # noqa: BLE001 - whatever it is, the table can't be used
            return f"CLAIMS_TABLE: the table can't be reached ({error_code(error)})"
        return ""

    def _change(self, claim: Claim, **values: Attribute) -> None:
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"id": {"S": f"webhook#{claim.webhook_id}"}},
                UpdateExpression=update_expression(values),
                ConditionExpression="#owner_now = :owner_now AND #state_now = :working_now",
                ExpressionAttributeNames={
                    "#owner_now": "owner",
                    "#state_now": "state",
                    **attribute_names(values),
                },
                ExpressionAttributeValues={
                    ":owner_now": {"S": claim.owner},
                    ":working_now": {"S": WORKING},
                    **attribute_values(values),
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise LostClaimError(claim.webhook_id) from error


def _package(item: Mapping[str, Any]) -> dict[str, Any] | None:
    if "package" not in item:
        return None
    return plain(item["package"]["M"])
