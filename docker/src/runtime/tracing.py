"""One trace of an event, from its webhook to Quilt's revision, where the setting asks for it.

While tracing is off, a span costs a test of a variable, and nothing of OpenTelemetry
is loaded: xray.py is imported by ``start_tracing`` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from structlog.contextvars import bound_contextvars

if TYPE_CHECKING:
    from .settings import Settings

# Which span of which trace what follows belongs to, in one text.
# Source: the recommendation of W3C, Trace Context, traceparent.
TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

Attributes = Mapping[str, str | int]


class SpanKind(Enum):
    """What a span is to others; the names are OpenTelemetry's."""

    INTERNAL = "internal"
    SERVER = "server"
    PRODUCER = "producer"
    CONSUMER = "consumer"


class Span(Protocol):
    """A piece of work that is under way."""

    @property
    def trace_id(self) -> str:
        """Return the trace's ID as X-Ray writes it; empty while tracing is off."""

    @property
    def traceparent(self) -> str:
        """Return what makes other spans this one's children; empty while tracing is off."""

    def set(self, name: str, value: str | int) -> None:
        """Set an attribute: an ID or a name of the service's, never what an entry says."""

    def fail(self, error: BaseException) -> None:
        """Record that the work failed, by the error's name alone: its text may quote anything."""


class Tracing(Protocol):
    """What makes spans and exports them."""

    def span(
        self, name: str, kind: SpanKind, parent: str, started_at: float, attributes: Attributes
    ) -> AbstractContextManager[Span]:
        """Return a span, current in its context, that ends with it."""

    def current(self) -> Span:
        """Return the innermost span of this thread."""

    def stop(self, seconds: float) -> None:
        """Export what has ended, as far as the seconds allow."""


class _NoSpan:
    trace_id = traceparent = ""

    def set(self, _name: str, _value: str | int) -> None:
        pass

    def fail(self, _error: BaseException) -> None:
        pass


NO_SPAN: Span = _NoSpan()


class _State:
    tracing: Tracing | None = None


def start_tracing(settings: Settings) -> None:
    """Begin to trace, if the settings say so; exporting is a thread of its own."""
    if settings.tracing:
        from .xray import XRay  # noqa: PLC0415

        use_tracing(XRay.of(settings))


def use_tracing(tracing: Tracing | None) -> None:
    """Trace with this from now on; None is off."""
    _State.tracing = tracing


def stop_tracing(seconds: float = 1.0) -> None:
    """Export what has ended before the process ends, and trace nothing more."""
    tracing, _State.tracing = _State.tracing, None
    if tracing:
        tracing.stop(seconds)


def is_tracing() -> bool:
    """Return whether spans are recorded."""
    return _State.tracing is not None


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    *,
    parent: str = "",
    started_at: float = 0,
    attributes: Attributes | None = None,
) -> Iterator[Span]:
    """Record a piece of work; its log lines have the trace's ID.

    Without a ``parent``, which is a traceparent, it is a child of this thread's current
    span, or the first of a new trace. ``started_at`` is in seconds since the epoch, 0 is now.
    """
    # Read once: it may stop meanwhile.
    tracing = _State.tracing
    if not tracing:
        yield NO_SPAN
        return
    with (
        tracing.span(name, kind, parent, started_at, attributes or {}) as it,
        bound_contextvars(trace_id=it.trace_id),
    ):
        yield it


def current_span() -> Span:
    """Return the innermost span that this thread is in."""
    tracing = _State.tracing
    return tracing.current() if tracing else NO_SPAN


def as_traceparent(value: object) -> str:
    """Return a traceparent that came with a message, or nothing for anything else."""
    return value if isinstance(value, str) and TRACEPARENT.fullmatch(value) else ""
