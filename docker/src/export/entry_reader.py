"""One event's work without exports: what of an entry its linked packages are searched by."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..queues.claims import Claim, Claims
from ..queues.event import Event
from ..runtime.time_limits import time_limit
from ..runtime.tracing import span
from ..store.packages import display_id_of
from .benchling_client import BenchlingClient
from .export_status import ExportStatus, ExportStatuses, Values
from .exporter import ExportLimits
from .plan import Plan, plan_of


class EntryReader:
    """Reads entries, and writes nothing but their status.

    That is announced to their canvases, which search for linked packages when they are
    drawn: an entry without a canvas is searched for when it has one.
    """

    def __init__(
        self,
        benchling: BenchlingClient,
        claims: Claims,
        statuses: ExportStatuses,
        limits: ExportLimits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take what it works with, and the limits."""
        self._benchling = benchling
        self._claims = claims
        self._statuses = statuses
        self._limits = limits
        self._clock = clock

    def plan(self, event: Event) -> Plan:
        """Return what an event asks for, in view of what was read already."""
        status = self._statuses.read(event.entry_id)
        read_at = 0 if status.entry_reason else status.entry_at
        return plan_of(event, read_at, self._limits.interval_seconds, self._clock())

    def process(self, event: Event, claim: Claim, check: Callable[[], None]) -> None:
        """Read the event's entry and record it as done.

        ``check`` raises when the work must end. Raises BenchlingClientError and
        TimeLimitError.
        """
        began = self._clock()
        with time_limit(self._limits.timeout_seconds, "the entry"), span("read entry"):
            display_id = display_id_of(self._benchling.entry(event.entry_id))
        check()

        def read(before: ExportStatus) -> Values:
            values: Values = {"display_id": display_id, "entry_at": began, "entry_reason": ""}
            if event.app_id:
                values["app_id"] = event.app_id
            if display_id != before.display_id:
                # What was found, or is being searched for, is another's.
                values |= {"linked": "[]", "linked_at": 0, "linked_reason": "", "linked_query": ""}
            return values

        self._statuses.change(event.entry_id, read)
        self._claims.done(claim)

    def record_failure(self, event: Event, reason: str) -> None:
        """Record that the entry couldn't be read."""
        values: Values = {"entry_at": self._clock(), "entry_reason": reason}
        self._statuses.change(event.entry_id, lambda _: values)
