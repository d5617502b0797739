"""Packages by their metadata: a query of Quilt's views in Athena.

Sources: Quilt's documentation, Athena (the database, a bucket's views and their
columns); Athena's guide, parameterized queries (a bound text is a literal in single
quotes), and its API reference.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

from ..queues.sqs import printable
from ..runtime.errors import TransientError

# As many packages are asked for at most.
MAX_PACKAGES = 100
# How much of Athena's reason is told.
REASON_LETTERS = 200
# Source: quilt3's validation of package names.
PACKAGE_NAME = re.compile(r"[\w-]+/[\w-]+")


class SearchError(TransientError):
    """Athena ended a query without a result; the text has its reason."""


class Athena(Protocol):
    """What is called of boto3's client; each raises botocore's errors."""

    def start_query_execution(self, **request: object) -> dict[str, Any]:
        """Start a query."""

    def get_query_execution(self, **request: object) -> dict[str, Any]:
        """Return how a query stands."""

    def get_query_results(self, **request: object) -> dict[str, Any]:
        """Return a query's rows."""

    def stop_query_execution(self, **request: object) -> dict[str, Any]:
        """Stop a query."""


class PackageSearch:
    """Finds the packages of a bucket whose metadata have a value under a key."""

    def __init__(
        self, client: Athena, database: str, workgroup: str, bucket: str, key: str
    ) -> None:
        """Take what the settings have checked; ``key`` is of letters, digits, - and _."""
        self._client = client
        self._workgroup = workgroup
        # Names can't be bound, nor can Athena be relied on to take a bound JSON path.
        self._query = (
            f"SELECT DISTINCT pkg_name FROM {_name(database)}.{_name(f'{bucket}_packages-view')}"  # noqa: S608
            f" WHERE timestamp = 'latest' AND json_extract_scalar(user_meta, '$.{key}') = ?"
            f" ORDER BY pkg_name LIMIT {MAX_PACKAGES}"
        )

    def start(self, value: str) -> str:
        """Ask for the packages with a value; return the query's ID."""
        literal = "'" + value.replace("'", "''") + "'"
        response = self._client.start_query_execution(
            QueryString=self._query, ExecutionParameters=[literal], WorkGroup=self._workgroup
        )
        return str(response["QueryExecutionId"])

    def result(self, query_id: str) -> list[str] | None:
        """Return the packages' names; None while the query runs. Raises SearchError."""
        execution = self._client.get_query_execution(QueryExecutionId=query_id)
        status = execution["QueryExecution"]["Status"]
        if status["State"] in ("QUEUED", "RUNNING"):
            return None
        if status["State"] != "SUCCEEDED":
            reason = printable(status.get("StateChangeReason", "no reason given"))
            raise SearchError(f"Athena {status['State'].lower()}: {reason[:REASON_LETTERS]}")
        # The first row has the columns' names.
        found = self._client.get_query_results(
            QueryExecutionId=query_id, MaxResults=MAX_PACKAGES + 1
        )
        names = [row["Data"][0].get("VarCharValue", "") for row in found["ResultSet"]["Rows"][1:]]
        return [name for name in names if PACKAGE_NAME.fullmatch(name)]

    def stop(self, query_id: str) -> None:
        """End a query whose result nobody waits for any more."""
        self._client.stop_query_execution(QueryExecutionId=query_id)


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
