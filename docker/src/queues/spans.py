"""The span of a message that is processed, with the names of OpenTelemetry's conventions.

Source: OpenTelemetry's semantic conventions for messaging, and for Amazon SQS.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from ..runtime.tracing import Span, SpanKind, span
from .event import Event
from .sqs import Queue

SQS = {"messaging.system": "aws_sqs"}


def event_span(queue: Queue, event: Event) -> AbstractContextManager[Span]:
    """Return the span in which an event of a queue is processed."""
    return span(
        f"process {queue.name}",
        SpanKind.CONSUMER,
        parent=event.traceparent,
        attributes={
            **SQS,
            "messaging.operation.type": "process",
            "messaging.destination.name": queue.name,
            "entry_id": event.entry_id,
            "webhook_id": event.webhook_id,
        },
    )


def send_span(queue: str) -> AbstractContextManager[Span]:
    """Return the span in which a message is sent to a queue."""
    return span(
        f"send {queue}",
        SpanKind.PRODUCER,
        attributes={
            **SQS,
            "messaging.operation.type": "send",
            "messaging.destination.name": queue,
        },
    )
