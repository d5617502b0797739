"""No input makes the service fail, fall silent, log a secret or respond otherwise than described.

An input is a call of the whole application, of which Hypothesis makes some an
example: FUZZ_EXAMPLES is the number of calls, of which the nightly workflow has 200,000.
They are the same at every run, or those of FUZZ_SEED, a number.
"""

import contextlib
import io
import json
import logging
import os
import re
import time
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from src.queues.event import MESSAGE_BYTES, from_message
from src.queues.sqs import IDENTIFIER
from src.runtime.logs import configure_logs
from src.runtime.secret import Secret
from src.runtime.settings import Settings
from src.webhook import batch_sender as batches
from src.webhook.application import Dependencies, create_app
from src.webhook.intake import Intake
from src.webhook.keys import KeyProvider
from src.webhook.routes.openapi import DOCUMENT
from src.webhook.webhook_types import WEBHOOK_TYPES

from .conftest import SECRET, Proven, Signer
from .webhooks import webhook

pytestmark = pytest.mark.slow

CALLS = int(os.environ.get("FUZZ_EXAMPLES", "1500"))
SEED = os.environ.get("FUZZ_SEED", "")
CALLS_PER_EXAMPLE = 10
RESPONSE_SECONDS = 3.0
LOG_LINE_BYTES = 8192
# Shorter ones may be anything's part.
SIGNATURE_CHARACTERS = 12

OPENAPI = json.loads(DOCUMENT.read_text())
PATHS = sorted(OPENAPI["paths"])
# SQS takes no others. Source: its API reference, SendMessage.
SQS_TEXT = re.compile("[\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
SIGNER, STRANGER = Signer(), Signer()
BODIES = {kind: webhook(kind, canvasId="cnvs_1", buttonId="page-1:etr_1") for kind in WEBHOOK_TYPES}


class StandInQueue:
    """A queue that works, and fails the test for what SQS would refuse."""

    def __init__(self):
        self.faults = []

    def send_message_batch(self, QueueUrl, Entries):  # noqa: ARG002, N803
        for entry in Entries:
            body = entry["MessageBody"]
            ids = entry["MessageGroupId"], entry["MessageDeduplicationId"]
            if (
                not SQS_TEXT.fullmatch(body)
                or len(body.encode()) > MESSAGE_BYTES
                or not all(map(IDENTIFIER.fullmatch, ids))
            ):
                self.faults.append(body[:500])
            # The worker must be able to read it.
            from_message(body)
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    def get_queue_attributes(self, **_):
        return {}


@dataclass
class Call:
    """A request as a server hands it on: its texts are bytes in Latin-1."""

    method: str
    path: str
    body: bytes
    headers: dict = field(default_factory=dict)
    query: str = ""

    def environ(self):
        return {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.path,
            "QUERY_STRING": self.query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(self.body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **self.headers,
        }


class Service:
    """The application with keys and a queue that work, and what it logs."""

    def __init__(self):
        self.queue, self.log, self.calls = StandInQueue(), io.StringIO(), 0
        with contextlib.redirect_stdout(self.log):
            configure_logs("DEBUG")
        whole = Settings(port=5000, secret=Secret(**SECRET))
        intakes = (Intake(self.queue, name) for name in ("events", "canvases"))
        keys = KeyProvider(lambda: SIGNER.keys)
        keys.refresh()
        self.app = create_app(lambda: whole, Dependencies(keys, *intakes, Proven()))
        self.validators = {}

    def check(self, call):
        self.calls += 1
        began, statuses = time.monotonic(), []
        chunks = self.app(call.environ(), lambda *started: statuses.append(started[0]))
        body = b"".join(chunks)
        chunks.close()
        assert time.monotonic() - began < RESPONSE_SECONDS
        status = statuses[0][:3]
        assert status < "500", body
        # These have no body.
        if call.method not in {"HEAD", "OPTIONS"}:
            self._validator(call, status).validate(json.loads(body))
        self._check_log(call)
        assert self.queue.faults == []
        return status

    def _validator(self, call, status):
        """Return what validates a response as described, or as an error of no route."""
        # Slashes before a path count once.
        path = "/" + call.path.lstrip("/")
        routes = OPENAPI["paths"].get(path, {})
        described = routes.get(call.method.lower(), {}).get("responses", {})
        assert not described or status in described
        key = (path if described else "", call.method if described else "", status)
        if key not in self.validators:
            schema = {"$ref": "#/components/schemas/Error"}
            if described:
                schema = described[status]["content"]["application/json"]["schema"]
            whole = {**schema, "components": OPENAPI["components"]}
            self.validators[key] = Draft202012Validator(whole)
        return self.validators[key]

    def _check_log(self, call):
        lines = self.log.getvalue()
        self.log.seek(0)
        self.log.truncate()
        signature = call.headers.get("HTTP_WEBHOOK_SIGNATURE", "")
        secrets = [SECRET["client_secret"], *re.split("[ ,]", signature)]
        for line in lines.splitlines():
            assert len(line.encode()) <= LOG_LINE_BYTES
            json.loads(line)
        for secret in secrets:
            assert len(secret) < SIGNATURE_CHARACTERS or secret not in lines


@pytest.fixture
def service(monkeypatch):
    # Nobody else's messages are to be waited for.
    monkeypatch.setattr(batches, "LINGER_SECONDS", 0)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield Service()
    root.handlers, root.level = handlers, level


odd_texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "",
            "etr_1",
            "page-2:etr_1",
            "update-package:etr_1",
            "page-99999999:etr_1",
            "\x00",
            "�",
            "\ufffe",
            "\uffff",
            "../x",
            "a" * 100,
            "a" * 101,
            "é" * 3000,
            "x" * 20000,
            "😀" * 500,
        ]
    ),
)
odd_values = st.one_of(
    odd_texts,
    st.none() | st.booleans() | st.integers() | st.floats(),
    st.sampled_from([[], {}, [[]], {"type": {}}, {"id": "app_1"}, {"id": 7}, ["v2.entry.created"]]),
)
# What takes a value's place in the written JSON.
odd_json = st.sampled_from(
    [b"1e999", b"-1e999", b"NaN", b"Infinity", b"9" * 5000, b"-" + b"9" * 4300, b"1e-999", b"01"]
    + [b"[" * depth + b"]" * depth for depth in (50, 90, 100, 200, 990, 5000)]
    + [b'{"a":' * depth + b"1" + b"}" * depth for depth in (50, 100, 300, 2000)]
    + [b'{"type":"a","type":"v2.entry.created"}', b'"\\ud800"', b'"\\ufffe"', b'"\xff"', b'"\x01"']
    + [b'"' + b"x" * 1_048_000 + b'"', b'"' + b"\\u00e9" * 170_000 + b'"', "é".encode() * 9, b""]
)
NAMES = ("type", "resourceId", "canvasId", "featureId", "buttonId", "id", "note", "\ud800")
changes = st.lists(st.tuples(st.sampled_from(NAMES), odd_values), max_size=2)


def changed(kind, changes, written):
    """Return a webhook's body with values changed, and one as it is written."""
    whole = dict(BODIES[kind])
    whole["message"] = {**whole["message"], **dict(changes)}
    if written is None:
        return json.dumps(whole).encode()
    whole["message"]["odd"] = "HERE"
    return json.dumps(whole).encode().replace(b'"HERE"', written)


bodies = st.one_of(
    st.builds(changed, st.sampled_from(sorted(BODIES)), changes, st.none()),
    st.builds(changed, st.sampled_from(sorted(BODIES)), changes, st.none() | odd_json),
    st.binary(max_size=40),
    odd_values.map(lambda value: json.dumps(value).encode()),
    odd_values.map(lambda value: json.dumps({"message": value}).encode()),
    odd_json,
)
header_text = st.text(st.characters(min_codepoint=9, max_codepoint=255), max_size=20)
signatures = st.one_of(
    header_text,
    st.sampled_from(
        [
            "v1der,",
            "v1der",
            "v1,AAAA",
            "v1der,MAYCAQECAQE=",
            "v1der,AAAA " * 400,
            "v1der," + "A" * 96,
            " ".join(STRANGER.signature("a", "1", bytes([n])) for n in range(30)),
            "x" * 200000,
        ]
    ),
)
ids = st.one_of(
    st.integers(0, 10**9).map("wh_{}".format),
    header_text,
    st.sampled_from(["w" * 256, "w" * 257, "w" * 60_000, "wh 1", "\xff", "#", "~" * 200]),
)
times = st.one_of(
    st.sampled_from(["", "now", "9" * 12, "9" * 5000, "-1", "1e3", "\xb2", "inf", " "]), header_text
)
others = st.dictionaries(
    st.sampled_from(
        [
            "CONTENT_TYPE",
            "HTTP_HOST",
            "HTTP_ACCEPT",
            "HTTP_TRANSFER_ENCODING",
            "HTTP_COOKIE",
            "HTTP_X_FORWARDED_FOR",
            "HTTP_CONTENT_ENCODING",
            "HTTP_RANGE",
            "HTTP_EXPECT",
            "CONTENT_LENGTH",
            "HTTP_AUTHORIZATION",
            "HTTP_X_HTTP_METHOD_OVERRIDE",
        ]
    ),
    header_text | st.sampled_from(["application/json", "chunked", "9" * 5000, "x" * 30_000, "-1"]),
    max_size=2,
)
paths = st.one_of(
    st.sampled_from(PATHS),
    st.builds("{}{}".format, st.sampled_from(PATHS), header_text),
    st.text(st.characters(max_codepoint=255), max_size=30).map("/{}".format),
    st.sampled_from(
        [
            "",
            "*",
            "//",
            "/event//",
            "/../event",
            "/" + "\xff" * 200,
            "/" + "x" * 240_000,
            "/event\x00",
        ]
    ),
)
methods = st.sampled_from(
    [
        "POST",
        "GET",
        "HEAD",
        "OPTIONS",
        "PUT",
        "DELETE",
        "PATCH",
        "TRACE",
        "CONNECT",
        "post",
        "é",
        "X",
    ]
)


def signed_call(path, body, webhook_id, signature):
    """Return a call of Benchling's, with another signature beside its own, or none."""
    headers = dict(SIGNER.headers(body, webhook_id))
    if signature:
        headers["webhook-signature"] += " " + signature
    return Call("POST", path, body, named(headers))


def unsigned_call(method, path, body, given, other):
    webhook_id, timestamp, signature = given
    if timestamp == "now":
        timestamp = str(int(time.time()))
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature,
    }
    return Call(method, path, body, {**named(headers), **other}, webhook_id)


def named(headers):
    return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}


HOOKS = [path for path in PATHS if "post" in OPENAPI["paths"][path]]
calls = st.one_of(
    st.builds(
        signed_call,
        st.sampled_from(HOOKS),
        bodies,
        st.integers(0, 10**9).map("wh_{}".format),
        st.just("") | signatures,
    ),
    st.builds(signed_call, st.sampled_from(HOOKS), bodies, ids.filter(str.isascii), st.just("")),
    st.builds(
        unsigned_call,
        st.just("POST") | methods,
        st.sampled_from(HOOKS) | paths,
        bodies,
        st.tuples(ids, st.just("now") | times, signatures),
        others,
    ),
)


def test_fuzzed_requests_get_described_responses(service):
    statuses = {}

    @settings(
        max_examples=max(CALLS // CALLS_PER_EXAMPLE, 1),
        deadline=None,
        database=None,
        derandomize=not SEED,
        print_blob=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(calls, min_size=CALLS_PER_EXAMPLE, max_size=CALLS_PER_EXAMPLE))
    def fuzz(batch):
        for call in batch:
            status = service.check(call)
            statuses[status] = statuses.get(status, 0) + 1

    print(f"fuzzing with {CALLS} calls, FUZZ_SEED={SEED!r}")  # noqa: T201
    (seed(int(SEED)) if SEED else lambda test: test)(fuzz)()
    assert service.calls >= CALLS // CALLS_PER_EXAMPLE * CALLS_PER_EXAMPLE
    # That it gets past the door, and not only there.
    assert all(statuses[status] > service.calls // 100 for status in ("200", "400", "401"))
