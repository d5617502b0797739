"""One trace of an event, over the queue and Quilt's confirmation; and nothing while it is off."""

import json
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult
from structlog.contextvars import clear_contextvars

from src.queues.event import Event, from_message
from src.runtime import aws_clients, tracing
from src.runtime.logs import configure_logs
from src.runtime.secret import Secret
from src.runtime.settings import Settings, SettingsError, read_settings
from src.runtime.tracing import NO_SPAN, current_span, is_tracing, span, stop_tracing, use_tracing
from src.runtime.xray import XRayExporter
from src.webhook.keys import KeyProvider

from .conftest import app_of, event_body
from .http_server import server
from .xray_server import by_operation, xray_server

SETTINGS = Settings(
    port=5000,
    region="us-east-1",
    stack_name="Stack-dev",
    service_name="web",
    tracing=True,
    secret=Secret(client_secret="s", app_definition_id="appdef_1"),
)
TRACEPARENT = "00-4efaaf4d1e8720b39541901950019ee5-53995c3f42cd8ad8-01"


@pytest.fixture(autouse=True)
def _off_again(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "for-the-stand-in")
    yield
    use_tracing(None)
    # The session remembers where the stand-in was.
    aws_clients._session.cache_clear()


def start(monkeypatch, url, service="web"):
    """Trace as a service does, with X-Ray at a URL."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_XRAY", url)
    aws_clients._session.cache_clear()
    tracing.start_tracing(replace(SETTINGS, service_name=service))


def post(stage, signer, **message):
    """Have the web service take an event into the stage's queue."""
    keys = KeyProvider(lambda: signer.keys)
    keys.refresh()
    app = app_of(SETTINGS, keys, (stage.sqs, stage.urls["intake.fifo"]))
    body = event_body(**message)
    response = app.test_client().post("/event", data=body, headers=signer.headers(body))
    assert response.status_code == 200
    # The worker is another process, which knows no ID of the request's.
    clear_contextvars()


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@pytest.mark.slow
def test_one_trace_from_the_webhook_to_the_revision(stage, signer, monkeypatch, capsys):
    configure_logs("INFO")
    with xray_server() as (url, documents):
        start(monkeypatch, url)
        stage.event(entry_id="etr_1")
        post(stage, signer, resourceId="etr_1")
        stop_tracing(5)
        start(monkeypatch, url, "worker")
        stage.next()
        stage.confirm(at=iso(time.time()))
        stop_tracing(5)
        found = documents()
    spans = by_operation(found)
    parents = {
        "POST /event": None,
        "send intake.fifo": "POST /event",
        "process intake.fifo": "send intake.fifo",
        "read entry": "process intake.fifo",
        "wait for export": "process intake.fifo",
        "store files": "process intake.fifo",
        "send packaging.fifo": "process intake.fifo",
        "process revisions": "send packaging.fifo",
    }
    ids = {it["id"]: name for name, it in spans.items()}
    assert {name: ids.get(it.get("parent_id")) for name, it in spans.items()} == parents
    assert len(found) == len(spans)
    (trace_id,) = {it["trace_id"] for it in found}
    assert not any("fault" in it for it in found)
    assert {name: it["name"] for name, it in spans.items() if "origin" in it} == {
        "POST /event": "Stack-dev/web",
        "process intake.fifo": "Stack-dev/worker",
        "process revisions": "Stack-dev/worker",
    }
    assert {it["type"] for it in found if "origin" not in it} == {"subsegment"}
    web = spans["POST /event"]
    assert web["http"] == {"request": {"method": "POST"}, "response": {"status": 200}}
    assert web["annotations"]["entry_id"] == "etr_1"
    assert web["annotations"]["webhook_id"] == "wh_1"
    # What Quilt takes is the time between the two.
    asked, confirmed = spans["send packaging.fifo"], spans["process revisions"]
    assert asked["start_time"] <= confirmed["start_time"] + 0.01 <= confirmed["end_time"] + 0.01
    lines = [json.loads(it) for it in capsys.readouterr().out.splitlines() if it.startswith("{")]
    traced = {it["event"]: it.get("trace_id") for it in lines}
    for name in ("request.completed", "event.started", "package.requested", "package.confirmed"):
        assert traced[name] == trace_id
    # Nothing but IDs and names: neither the entry's title nor what a scientist wrote.
    assert "Buffer test" not in json.dumps(found)


@pytest.mark.slow
def test_a_revision_ends_a_trace_once(stage, monkeypatch):
    with xray_server() as (url, documents):
        start(monkeypatch, url, "worker")
        stage.send()
        stage.next()
        assert stage.statuses.read("etr_1").traceparent
        for top_hash in ("b" * 64, "c" * 64):
            stage.confirm(top_hash=top_hash, at=iso(time.time()))
        assert not stage.statuses.read("etr_1").traceparent
        stop_tracing(5)
        operations = [it.get("annotations", {}).get("operation") for it in documents()]
    assert operations.count("process revisions") == 1


@pytest.mark.slow
def test_off_leaves_messages_and_items_as_they_were(stage, signer):
    stage.event(entry_id="etr_1")
    post(stage, signer, resourceId="etr_1")
    (message,) = stage.received("intake.fifo")
    assert "traceparent" not in json.loads(message["Body"])
    stage.send("wh_2")
    stage.next()
    assert "traceparent" not in stage.item("entry#etr_1")


@pytest.mark.slow
def test_an_export_that_is_not_traced_forgets_the_trace_of_the_last(stage, monkeypatch):
    with xray_server() as (url, _):
        start(monkeypatch, url, "worker")
        stage.send()
        stage.next()
        stop_tracing(5)
    stage.server.entries["etr_1"]["name"] = "changed"
    stage.send("wh_2", received_at=time.time() + 5)
    stage.next()
    assert stage.item("entry#etr_1")["traceparent"] == {"S": ""}


@pytest.mark.slow
def test_a_failed_export_is_a_fault_by_its_errors_name(stage, monkeypatch):
    with xray_server() as (url, documents):
        start(monkeypatch, url, "worker")
        stage.send(entry_id="etr_gone")
        del stage.server.entries["etr_gone"]
        stage.next()
        stop_tracing(5)
        spans = by_operation(documents())
    assert {name for name, it in spans.items() if it.get("fault")} == {
        "read entry",
        "process intake.fifo",
    }
    assert spans["read entry"]["metadata"]["default"] == {"error.type": "BenchlingClientError"}


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["nobody listens", "500", "hangs"])
def test_events_go_on_without_xray(stage, signer, monkeypatch, capsys, fault):
    configure_logs("INFO")
    hanging = threading.Event()

    def respond(_):
        if fault == "hangs":
            hanging.wait(5)
        return 500, {}

    with server(respond) as (url, _):
        start(monkeypatch, "http://127.0.0.1:9" if fault == "nobody listens" else url)
        stage.event(entry_id="etr_1")
        began = time.monotonic()
        post(stage, signer, resourceId="etr_1")
        stage.next()
        assert time.monotonic() - began < 3
        began = time.monotonic()
        stop_tracing(0.5)
        assert time.monotonic() - began < 1
        hanging.set()
    assert stage.requested()
    assert capsys.readouterr().out.count("trace.export_failed") <= 1


class Client:
    """Takes no segment."""

    def __init__(self, response=None):
        self.response = response

    def put_trace_segments(self, **_):
        if self.response is None:
            raise ConnectionError("with a text that isn't logged")
        return self.response


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (None, "ConnectionError"),
        ({"UnprocessedTraceSegments": [{"Id": "1", "ErrorCode": "InvalidSegment"}] * 2}, "Invalid"),
    ],
)
def test_what_is_lost_is_logged_once_a_minute(capsys, response, reason):
    configure_logs("INFO")
    now = [0.0]
    exporter = XRayExporter(Client(response), "s", lambda: now[0])
    for now[0] in (0, 1, 59, 61):
        assert exporter.export([]) is SpanExportResult.FAILURE
    lines = [json.loads(it) for it in capsys.readouterr().out.splitlines()]
    assert [it["event"] for it in lines] == ["trace.export_failed"] * 2
    assert all(reason in it["reason"] for it in lines)
    assert "isn't logged" not in json.dumps(lines)
    if response:
        assert [it["spans"] for it in lines] == [2, 6]


@pytest.mark.parametrize(
    "value",
    [None, 7, "", "x", TRACEPARENT.upper(), TRACEPARENT + "-0", f"00-{'0' * 32}-{'1' * 16}-01"],
)
def test_an_odd_traceparent_is_none(value):
    event = Event("wh_1", 1.5, "etr_1", {"message": {"type": "v2.entry.created"}})
    message = {**json.loads(event.to_message()), "traceparent": value}
    assert from_message(json.dumps(message)) == event


def test_a_traceparent_goes_with_the_event_in_the_version_of_all_releases():
    event = Event("wh_1", 1.5, "etr_1", {"message": {"type": "v2.entry.created"}}, TRACEPARENT)
    assert from_message(event.to_message()) == event
    assert json.loads(event.to_message())["version"] == 1
    assert from_message(event.to_message()).traceparent == TRACEPARENT


def test_off_is_no_span():
    with span("anything") as it:
        it.set("name", "value")
        assert it is NO_SPAN
        assert current_span().traceparent == ""
    assert not is_tracing()


def test_ids_are_in_the_form_of_xray(monkeypatch):
    with xray_server() as (url, documents):
        start(monkeypatch, url)
        with span("process é;", parent=TRACEPARENT), span("née;"):
            pass
        stop_tracing(5)
        child, first = documents()
    assert first["trace_id"] == "1-4efaaf4d-1e8720b39541901950019ee5"
    assert first["parent_id"] == "53995c3f42cd8ad8"
    assert child["name"] == "n_e_"


def test_a_span_ends_after_its_start_whatever_another_clock_says(monkeypatch):
    with xray_server() as (url, documents):
        start(monkeypatch, url)
        with span("process", parent=TRACEPARENT, started_at=time.time() + 60):
            pass
        stop_tracing(5)
        (found,) = documents()
    assert found["start_time"] <= found["end_time"] <= time.time()


@pytest.mark.parametrize("flag", ["true", "false"])
def test_the_setting_is_a_flag(flag):
    environment = {"PORT": "5000", "TRACING": flag}
    assert read_settings(environment).tracing is (flag == "true")
    with pytest.raises(SettingsError, match="TRACING 'yes': use true or false"):
        read_settings({**environment, "TRACING": "yes"})


PROGRAM = """
import os, sys
from src.runtime.settings import read_settings
settings = read_settings(os.environ)
if sys.argv[1] == "web":
    from src.app import load
    load(settings, os.environ)
else:
    import src.worker
    from src.runtime.tracing import start_tracing
    start_tracing(settings)
    src.worker.build_worker(settings)
print(any(it.partition(".")[0] == "opentelemetry" for it in sys.modules))
"""


@pytest.mark.slow
@pytest.mark.parametrize("service", ["web", "worker"])
@pytest.mark.parametrize("flag", ["true", "false", None])
def test_nothing_of_opentelemetry_is_loaded_while_it_is_off(service, flag):
    environment = {
        "PORT": "5000",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        **({"TRACING": flag} if flag else {}),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, service],
        cwd=Path(__file__).parents[1],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == str(flag == "true"), done.stderr
