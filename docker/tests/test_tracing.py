"""One trace of an event, over the queue and Quilt's confirmation; and nothing while it is off."""

import json
import threading
import time
from dataclasses import replace

import pytest
from structlog.contextvars import clear_contextvars

from src.runtime import aws_clients, tracing
from src.runtime.logs import configure_logs
from src.runtime.secret import Secret
from src.runtime.settings import Settings
from src.runtime.tracing import stop_tracing, use_tracing
from src.webhook.keys import KeyProvider

from .conftest import app_of, event_body
from .http_server import server
from .waiting import until
from .xray_server import by_operation, xray_server

SETTINGS = Settings(
    port=5000,
    region="us-east-1",
    stack_name="Stack-dev",
    service_name="web",
    tracing=True,
    secret=Secret(client_secret="s", app_definition_id="appdef_1"),
)


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
            hanging.wait(30)
        return 500, {}

    with server(respond) as (url, _):
        start(monkeypatch, "http://127.0.0.1:9" if fault == "nobody listens" else url)
        stage.event(entry_id="etr_1")
        began = time.monotonic()
        post(stage, signer, resourceId="etr_1")
        stage.next()
        # Eight spans that are waited for would take four seconds each.
        assert time.monotonic() - began < 15
        began = time.monotonic()
        stop_tracing(0.5)
        assert time.monotonic() - began < 3
        hanging.set()
        # Its last line belongs to this test.
        until(lambda: not any("OtelBatch" in it.name for it in threading.enumerate()))
    assert stage.requested()
    assert capsys.readouterr().out.count("trace.export_failed") == 1
