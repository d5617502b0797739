"""The span of a webhook's request, the first of an event's trace."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus

from flask import g, request
from structlog.contextvars import bind_contextvars

from ..queues.event import Event
from ..queues.spans import send_span
from ..runtime.tracing import SpanKind, is_tracing, span


@contextmanager
def request_span(event: Event, queue: str) -> Iterator[Event]:
    """Trace the request at hand, from when it came; yields the event as it is to be queued.

    Only what is signed gets here: others can't make spans. A trace that the caller
    names isn't gone on with.
    Source of the names: OpenTelemetry's semantic conventions for HTTP spans.
    """
    if not is_tracing():
        yield event
        return
    route = request.url_rule.rule if request.url_rule else request.path
    whole = span(
        f"{request.method} {route}",
        SpanKind.SERVER,
        started_at=time.time() - (time.monotonic() - g.began),
        attributes={
            "http.request.method": request.method,
            "http.route": route,
            "entry_id": event.entry_id,
            "webhook_id": event.webhook_id,
        },
    )
    trace_id = ""
    try:
        with whole as received:
            trace_id = received.trace_id
            with send_span(queue) as sent:
                yield replace(event, traceparent=sent.traceparent)
            received.set("http.response.status_code", int(HTTPStatus.OK))
    finally:
        # The line of the request comes after the span.
        bind_contextvars(trace_id=trace_id)
