"""The packages that people have linked to an entry by its display ID in their metadata.

What is found is kept with the entry's status, so that drawing asks nobody.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from ..export.export_status import ExportStatus, ExportStatuses, Values
from ..queues.failures import reason_of
from ..queues.package_name import PackageName
from .blocks import code
from .catalog import Catalog
from .package_search import PackageSearch, SearchError

# For so long what was found, or why nothing was, is not asked for again.
FRESH_SECONDS = 300
# For so long a canvas thread waits at once, and a query may run in all.
WAIT_SECONDS = 2.0
QUERY_SECONDS = 60
POLL_SECONDS = 0.25
# Packages are named up to this number.
LINKED_SHOWN = 10

log = structlog.get_logger()


class LinkedPackages:
    """Searches for an entry's linked packages, after its canvases are drawn."""

    def __init__(
        self,
        search: PackageSearch,
        statuses: ExportStatuses,
        give_back: threading.Event,
        clock: Callable[[], float] = time.time,
        *,
        on_request: bool = False,
    ) -> None:
        """Take what searches; ``give_back`` ends waiting.

        With ``on_request``, what a canvas has asked for is searched for at once.
        """
        self._search = search
        self._statuses = statuses
        self._give_back = give_back
        self._clock = clock
        self._on_request = on_request

    def refresh(self, entry_id: str) -> None:
        """Search again where what is known is old, and have canvases drawn with the result.

        Returns within seconds: the drawing of a query that still runs then comes
        here again.
        """
        status, reason = self._statuses.read(entry_id), ""
        now = self._clock()
        asked = self._on_request and status.requested_at > status.linked_at
        fresh = now - status.linked_at < FRESH_SECONDS and not asked
        if not status.display_id or fresh:
            return
        query_id, started_at = status.linked_query, status.linked_query_at
        try:
            if not query_id:
                query_id, started_at = self._search.start(status.display_id), now
            packages = self._wait(query_id)
            if packages is None:
                if now - started_at < QUERY_SECONDS:
                    running: Values = {
                        "linked_query": query_id,
                        "linked_query_at": started_at,
                    }
                    self._statuses.change(entry_id, lambda _: running)
                    return
                self._search.stop(query_id)
                reason = f"Athena took longer than {QUERY_SECONDS} s"
        except (SearchError, BotoCoreError, ClientError) as error:
            packages, reason = None, reason_of(error)
        if reason:
            log.warning("canvas.linked_not_found", reason=reason)
        self._record(entry_id, status, packages, reason)

    def _wait(self, query_id: str) -> list[PackageName] | None:
        ends = time.monotonic() + WAIT_SECONDS
        while (packages := self._search.result(query_id)) is None and time.monotonic() < ends:
            if self._give_back.wait(POLL_SECONDS):
                break
        return packages

    def _record(
        self,
        entry_id: str,
        before: ExportStatus,
        packages: list[PackageName] | None,
        reason: str,
    ) -> None:
        """Keep what was found; after a failure what was found before stays.

        Nothing is kept where the entry's display ID is another meanwhile.
        """
        linked = before.linked if packages is None else json.dumps([str(it) for it in packages])
        values: Values = {
            "linked": linked,
            "linked_at": self._clock(),
            "linked_reason": reason,
            "linked_query": "",
        }
        same = (before.linked, before.linked_reason) == (linked, reason) and before.linked_at

        def found(now: ExportStatus) -> Values | None:
            return values if now.display_id == before.display_id else None

        self._statuses.change(entry_id, found, shown=not same)


def known_packages(status: ExportStatus, catalog: Catalog) -> list[PackageName]:
    """Return an entry's linked packages in the catalog's buckets.

    What was found in a bucket that has been taken from the settings since isn't read.
    """
    packages = [PackageName.of(it) for it in json.loads(status.linked)]
    return [it for it in packages if catalog.bucket_of(it)]


def linked_names(status: ExportStatus, catalog: Catalog) -> list[PackageName]:
    """Return the linked packages that a canvas names: the first, and not the entry's own."""
    return _others(status, catalog)[:LINKED_SHOWN]


def _others(status: ExportStatus, catalog: Catalog) -> list[PackageName]:
    # An entry's own package is on the canvas anyhow.
    own = PackageName(status.package_name)
    return [it for it in known_packages(status, catalog) if it != own]


def linked_text(status: ExportStatus, catalog: Catalog, key: str) -> str:
    """Return an entry's linked packages for a canvas, or why there are none."""
    of = f"packages with {code(status.display_id)} as {code(key)} of their metadata"
    packages = _others(status, catalog)
    lines = [
        f"**Linked** {of}:",
        "",
        *(f"- {catalog.linked(it)}" for it in packages[:LINKED_SHOWN]),
    ]
    if len(packages) > LINKED_SHOWN:
        lines.append(f"- and {len(packages) - LINKED_SHOWN} more, which the catalog's search shows")
    if not status.linked_at:
        return f"**Linked** {of}: being searched for"
    if status.linked_reason:
        lines += ["", f"The search failed: {code(status.linked_reason)}"]
    elif not packages:
        return f"**Linked** {of}: none"
    return "\n".join(lines)
