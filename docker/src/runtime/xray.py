"""Spans by OpenTelemetry's SDK, exported to AWS X-Ray; imported where tracing is on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import structlog
from botocore.config import Config
from botocore.exceptions import ClientError
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

from .aws_clients import aws_client
from .segments import segment_document, xray_id
from .settings import Settings
from .tracing import Attributes, Span, SpanKind

if TYPE_CHECKING:
    from mypy_boto3_xray import XRayClient

# What waits for export at most, the oldest making room; in one call, as many as X-Ray's
# own daemon sends.
QUEUE_SPANS = 512
BATCH_SPANS = 50
EXPORT_SECONDS = 2.0
# Between two lines about exports that fail.
LOG_SECONDS = 60.0
CONFIG = Config(
    connect_timeout=2,
    read_timeout=2,
    retries={"total_max_attempts": 2, "mode": "standard"},
    max_pool_connections=1,
    # The documents are this module's own.
    parameter_validation=False,
)

log = structlog.get_logger()


class XRay:
    """Makes spans; those that have ended are exported in batches by a thread."""

    def __init__(self, processor: SpanProcessor) -> None:
        """Take what is done with spans that have ended."""
        self._processor = processor
        # Given whole: the SDK's own defaults read variables and ask for plugins.
        provider = TracerProvider(sampler=ALWAYS_ON, resource=Resource({}), shutdown_on_exit=False)
        provider.add_span_processor(processor)
        self._tracer = provider.get_tracer("benchling-webhook")

    @classmethod
    def of(cls, settings: Settings) -> XRay:
        """Return the tracing of a service; no call is made before the first span has ended."""
        client = cast("XRayClient", aws_client("xray", settings.region or "us-east-1", CONFIG))
        name = f"{settings.stack_name or 'benchling-webhook'}/{settings.service_name or 'service'}"
        # It would log each export that fails, and each span for which there is no room.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        return cls(
            BatchSpanProcessor(
                XRayExporter(client, name),
                max_queue_size=QUEUE_SPANS,
                schedule_delay_millis=EXPORT_SECONDS * 1000,
                max_export_batch_size=BATCH_SPANS,
                export_timeout_millis=EXPORT_SECONDS * 1000,
            )
        )

    @contextmanager
    def span(
        self, name: str, kind: SpanKind, parent: str, started_at: float, attributes: Attributes
    ) -> Iterator[Span]:
        """Record a span while in the context."""
        with self._tracer.start_as_current_span(
            name,
            context=_context(parent) if parent else None,
            kind=trace.SpanKind[kind.name],
            attributes=dict(attributes),
            # By another task's clock, it may not have begun yet.
            start_time=min(round(started_at * 1e9), time.time_ns()) or None,
            # An exception's text may quote anything.
            record_exception=False,
            set_status_on_exception=False,
        ) as recorded:
            it = _Recorded(recorded)
            try:
                yield it
            except BaseException as error:
                it.fail(error)
                raise

    def current(self) -> Span:
        """Return the innermost span of this thread."""
        return _Recorded(trace.get_current_span())

    def stop(self, seconds: float) -> None:
        """Export what has ended, as far as the seconds allow."""
        # Of its own, the SDK waits for half a minute.
        stopping = threading.Thread(target=self._processor.shutdown, daemon=True)
        stopping.start()
        stopping.join(seconds)


class _Recorded:
    """A span of the SDK's."""

    def __init__(self, recorded: trace.Span) -> None:
        self._span = recorded

    @property
    def trace_id(self) -> str:
        context = self._span.get_span_context()
        return xray_id(context.trace_id) if context.is_valid else ""

    @property
    def traceparent(self) -> str:
        it = self._span.get_span_context()
        return f"00-{it.trace_id:032x}-{it.span_id:016x}-01" if it.is_valid else ""

    def set(self, name: str, value: str | int) -> None:
        self._span.set_attribute(name, value)

    def fail(self, error: BaseException) -> None:
        self._span.set_attribute("error.type", type(error).__name__)
        self._span.set_status(Status(StatusCode.ERROR))


class XRayExporter(SpanExporter):
    """Sends spans to X-Ray; those that it doesn't take are lost, and counted."""

    def __init__(
        self, client: XRayClient, service: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the service's name, which X-Ray's map shows."""
        self._client = client
        self._service = service
        self._clock = clock
        self._lost = 0
        self._logged = float("-inf")

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch; nothing is raised. One at a time is called."""
        try:
            documents = [segment_document(it, self._service) for it in spans]
            response = self._client.put_trace_segments(TraceSegmentDocuments=documents)
            refused = response.get("UnprocessedTraceSegments", ())
        except Exception as error:  # noqa: BLE001 - whatever it is, events go on
            self._count(len(spans), _reason(error))
            return SpanExportResult.FAILURE
        if refused:
            self._count(len(refused), refused[0].get("ErrorCode", "no reason"))
        return SpanExportResult.FAILURE if refused else SpanExportResult.SUCCESS

    def _count(self, spans: int, reason: str) -> None:
        """Log what was lost since the last line, once a minute."""
        self._lost += spans
        if self._clock() - self._logged >= LOG_SECONDS:
            log.warning("trace.export_failed", reason=reason, spans=self._lost)
            self._logged, self._lost = self._clock(), 0


def _context(traceparent: str) -> Context:
    """Return the context of a span of another process."""
    _, trace_id, span_id, _ = traceparent.split("-")
    remote = SpanContext(
        int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(1)
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(remote), Context())


def _reason(error: Exception) -> str:
    """Return AWS's code, or the error's name."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code", "") or type(error).__name__
    return type(error).__name__
