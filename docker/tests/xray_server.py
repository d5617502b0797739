"""What X-Ray's endpoint takes, on 127.0.0.1."""

import json
from contextlib import contextmanager

from .http_server import server


@contextmanager
def xray_server(status=200, response=None):
    """Yield the URL, and a function that returns the segment documents that came."""
    content = {"UnprocessedTraceSegments": []} if response is None else response
    with server(lambda _: (status, content)) as (url, asked):

        def documents():
            for method, path, headers, _ in asked:
                assert (method, path) == ("POST", "/TraceSegments")
                assert "/xray/aws4_request" in headers["Authorization"]
            bodies = [json.loads(body) for *_, body in asked]
            return [json.loads(it) for body in bodies for it in body["TraceSegmentDocuments"]]

        yield url, documents


def by_operation(documents):
    """Return the documents by what was done: a segment's name is its service's."""
    return {it.get("annotations", {}).get("operation", it["name"]): it for it in documents}
