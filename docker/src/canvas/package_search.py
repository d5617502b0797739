"""Packages by their metadata: a query of Quilt's views in Athena.

Sources: Quilt's documentation, Athena (the database, a bucket's views and their
columns); Athena's guide, parameterized queries (values are bound in the question marks'
order; a bound text is a literal in single quotes), and its API reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

from ..queues.package_name import PackageName
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


@dataclass(frozen=True)
class Views:
    """Quilt's views of packages, one a bucket, that are searched.

    All are names that the settings have checked; ``key`` is the metadata's key, of
    letters, digits, - and _.
    """

    database: str
    key: str
    # Empty where there is none.
    package_bucket: str = ""
    linked_buckets: tuple[str, ...] = ()

    @property
    def buckets(self) -> tuple[str, ...]:
        """Return the buckets that are searched."""
        return (*filter(None, (self.package_bucket,)), *self.linked_buckets)

    def query(self) -> str:
        """Return the query, which has a parameter for each bucket.

        Its columns are the package's name and, with linked buckets, the bucket's.
        """
        if not self.linked_buckets:
            query, order = self._select(self.package_bucket, ""), "pkg_name"
        else:
            every = (self._select(it, f", {_literal(it)} AS bucket") for it in self.buckets)
            query = f"SELECT pkg_name, bucket FROM ({' UNION ALL '.join(every)})"  # noqa: S608
            order = "pkg_name, bucket"
        return f"{query} ORDER BY {order} LIMIT {MAX_PACKAGES}"

    def _select(self, bucket: str, more: str) -> str:
        view = f"{_name(self.database)}.{_name(f'{bucket}_packages-view')}"
        # Names can't be bound, nor can Athena be relied on to take a bound JSON path.
        return (
            f"SELECT DISTINCT pkg_name{more} FROM {view}"  # noqa: S608
            f" WHERE timestamp = 'latest' AND json_extract_scalar(user_meta, '$.{self.key}') = ?"
        )


class PackageSearch:
    """Finds the packages of buckets whose metadata have a value under a key."""

    def __init__(self, client: Athena, workgroup: str, views: Views) -> None:
        """Take what is searched, and the workgroup in which the queries run."""
        self._client = client
        self._workgroup = workgroup
        self._views = views
        self._query = views.query()

    def start(self, value: str) -> str:
        """Ask for the packages with a value; return the query's ID."""
        response = self._client.start_query_execution(
            QueryString=self._query,
            ExecutionParameters=[_literal(value)] * len(self._views.buckets),
            WorkGroup=self._workgroup,
        )
        return str(response["QueryExecutionId"])

    def result(self, query_id: str) -> list[PackageName] | None:
        """Return the packages; None while the query runs. Raises SearchError."""
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
        rows = [
            [it.get("VarCharValue", "") for it in row["Data"]]
            for row in found["ResultSet"]["Rows"][1:]
        ]
        return [self._package(*row) for row in rows if PACKAGE_NAME.fullmatch(row[0])]

    def stop(self, query_id: str) -> None:
        """End a query whose result nobody waits for any more."""
        self._client.stop_query_execution(QueryExecutionId=query_id)

    def _package(self, name: str, bucket: str = "") -> PackageName:
        return PackageName(name, "" if bucket == self._views.package_bucket else bucket)


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
