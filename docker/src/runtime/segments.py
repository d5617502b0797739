"""An ended span as X-Ray takes it: a segment, or a subsegment of one.

Source: the guide of AWS X-Ray, segment documents; for the form of a W3C trace ID, the
API reference of X-Ray, PutTraceSegments.
"""

from __future__ import annotations

import json
import re

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

# What a name can't have.
REFUSED = re.compile(r"[^\w\s.:/%&#=+\\@-]", re.ASCII)
NAME_CHARACTERS = 200
# By these X-Ray finds traces; other attributes are only shown.
ANNOTATIONS = ("entry_id", "webhook_id")
METHOD, STATUS = "http.request.method", "http.response.status_code"


def xray_id(trace_id: int) -> str:
    """Return a trace's ID in X-Ray's form."""
    digits = f"{trace_id:032x}"
    return f"1-{digits[:8]}-{digits[8:]}"


def segment_document(span: ReadableSpan, service: str) -> str:
    """Return the document of an ended span.

    A span without a parent in its own process is a segment, by the service's name.
    """
    context, parent = span.context, span.parent
    attributes = dict(span.attributes or {})
    is_segment = parent is None or parent.is_remote
    document: dict[str, object] = {
        "trace_id": xray_id(context.trace_id),
        "id": f"{context.span_id:016x}",
        "name": _name(service if is_segment else span.name),
        "start_time": (span.start_time or 0) / 1e9,
        "end_time": (span.end_time or 0) / 1e9,
    }
    if parent:
        document["parent_id"] = f"{parent.span_id:016x}"
    if span.status.status_code is StatusCode.ERROR:
        document["fault"] = True
    if is_segment:
        document["origin"] = "AWS::ECS::Container"
        document["annotations"] = {
            "operation": span.name,
            **{name: attributes.pop(name) for name in ANNOTATIONS if name in attributes},
        }
    else:
        document["type"] = "subsegment"
        if span.kind is SpanKind.PRODUCER:
            document["namespace"] = "remote"
    if METHOD in attributes:
        document["http"] = {"request": {"method": attributes.pop(METHOD)}}
        if STATUS in attributes:
            document["http"]["response"] = {"status": attributes.pop(STATUS)}  # type: ignore[index]
    if attributes:
        document["metadata"] = {"default": attributes}
    return json.dumps(document)


def _name(text: str) -> str:
    return REFUSED.sub("_", text)[:NAME_CHARACTERS]
