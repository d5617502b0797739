"""What is done for an event, and when: the part that its consumer knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..queues.claims import Claim
from ..queues.event import Event

# The clocks of two tasks differ by less.
CLOCK_SECONDS = 1.0


@dataclass(frozen=True)
class Plan:
    """What is to be done for an event now."""

    # Work that began after the event came has all that it is about.
    covered: bool = False
    # How long to wait before the entry is worked on again.
    wait_seconds: float = 0


class EventWork(Protocol):
    """What is done for an entry's events; one object serves all the threads of a worker."""

    def plan(self, event: Event) -> Plan:
        """Return what an event asks for, in view of what was done already."""

    def process(self, event: Event, claim: Claim, check: Callable[[], None]) -> None:
        """Do it, and record the event as done; ``check`` raises when the work must end."""

    def record_failure(self, event: Event, reason: str) -> None:
        """Record that it failed for good."""


def plan_of(event: Event, read_at: float, interval_seconds: float, now: float) -> Plan:
    """Return what an event asks for, where the entry was read last at ``read_at``.

    Benchling sends an event for every edit. The first is worked on at once, those
    that follow within the interval together. Who presses a button needn't wait.
    """
    if event.received_at + CLOCK_SECONDS <= read_at:
        return Plan(covered=True)
    if event.canvas:
        return Plan()
    return Plan(wait_seconds=max(read_at + interval_seconds - now, 0))
