"""Spans: in X-Ray's form, lost without harm, and not there while tracing is off."""

import json
import subprocess
import sys
import time
from itertools import chain
from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export import SpanExportResult

from src.queues.event import Event, from_message
from src.runtime.logs import configure_logs
from src.runtime.settings import SettingsError, read_settings
from src.runtime.tracing import NO_SPAN, current_span, is_tracing, span, stop_tracing
from src.runtime.xray import XRayExporter

from .test_tracing import _off_again, start  # noqa: F401
from .xray_server import xray_server

TRACEPARENT = "00-4efaaf4d1e8720b39541901950019ee5-53995c3f42cd8ad8-01"


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
    every = [json.loads(it) for it in capsys.readouterr().out.splitlines()]
    # Servers of other tests may still log.
    lines = [it for it in every if it["event"].startswith("trace.")]
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


# Arguments: what TRACING says, "unset" for nothing, and a service; any number of the two.
PROGRAM = """
import os, sys
from src.runtime.settings import read_settings
for flag, service in zip(sys.argv[1::2], sys.argv[2::2]):
    environment = dict(os.environ) | ({"TRACING": flag} if flag != "unset" else {})
    settings = read_settings(environment)
    if service == "web":
        from src.app import load
        load(settings, environment)
    else:
        import src.worker
        from src.runtime.metrics import Metrics
        from src.runtime.tracing import start_tracing
        start_tracing(settings)
        src.worker.build_worker(settings, Metrics(""))
    print(any(it.partition(".")[0] == "opentelemetry" for it in sys.modules))
"""
OFF = [("false", "web"), ("unset", "web"), ("false", "worker"), ("unset", "worker")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("services", "loaded"),
    [(OFF, False), ([("true", "web")], True), ([("true", "worker")], True)],
    ids=["off", "web", "worker"],
)
def test_nothing_of_opentelemetry_is_loaded_while_it_is_off(services, loaded):
    environment = {
        "PORT": "5000",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *chain.from_iterable(services)],
        cwd=Path(__file__).parents[1],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == [str(loaded)] * len(services), done.stderr
