import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import Client

from src import app as module
from src.app import LazyApp, main
from src.runtime.logs import configure_logs
from src.runtime.server import StopTimes, serve

ROOT = Path(__file__).parent.parent


def run(environment):
    return subprocess.Popen(
        [sys.executable, "-m", "src.app"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def call(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    result = response.status, response.read()
    connection.close()
    return result


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve_here(app, port, stop_seconds, listening=lambda: None):
    """Serve until somebody ends this process, whose handlers of signals stay its own."""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    try:
        serve(app, port, StopTimes(stop_seconds), host="127.0.0.1", listening=listening)
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])


@pytest.mark.parametrize("level", ["DEBUG", "ERROR"])
def test_start_is_logged_at_every_level(level, capsys):
    configure_logs(level)
    serve_here(
        lambda *_: [], free_port(), 3, listening=lambda: os.kill(os.getpid(), signal.SIGTERM)
    )
    # What other tests have left running may write as well.
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (started,) = [line for line in lines if line["event"] == "service.started"]
    assert started["message"].startswith("Running on http://127.0.0.1:")
    assert started["former_event"] == "Running on"
    draining = "service.drain_started" in [line["event"] for line in lines]
    assert draining == (level == "DEBUG")


def test_invalid_settings_end_the_process_without_a_trace():
    process = run({"PORT": "none", "LOG_LEVEL": "loud"})
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 2
    assert [line.split()[0] for line in output.splitlines()] == ["PORT", "LOG_LEVEL"]


def test_sigterm_lets_a_request_finish_and_takes_no_more():
    """The server runs here so that its coverage counts; the request is slow."""
    port, entered, responses = free_port(), threading.Event(), []

    def slow(_environ, start_response):
        entered.set()
        time.sleep(1)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]

    def request():
        for _ in range(100):
            try:
                responses.append(call(port, "GET", "/"))
            except ConnectionRefusedError:
                time.sleep(0.05)
            else:
                return

    def stop():
        entered.wait(10)
        os.kill(os.getpid(), signal.SIGTERM)

    threads = [threading.Thread(target=work) for work in (request, stop)]
    for thread in threads:
        thread.start()
    serve_here(slow, port, 10)
    for thread in threads:
        thread.join(10)
    assert responses == [(200, b"done")]
    with pytest.raises(ConnectionRefusedError):
        call(port, "GET", "/")


def test_main_serves_with_the_settings_of_the_environment(monkeypatch, capsys):
    served = []

    def serve(_, port, stop, **_listening):
        served.append((port, stop))

    monkeypatch.setattr(module, "serve", serve)
    # The affinity would be this process's own.
    monkeypatch.setattr(module, "stay_on_one_cpu", lambda: None)
    monkeypatch.setenv("PORT", "5001")
    monkeypatch.setenv("STOP_TIMEOUT_SECONDS", "45")
    monkeypatch.setenv("SHUTDOWN_DELAY_SECONDS", "10")
    monkeypatch.delenv("BENCHLING_SECRET", raising=False)
    assert main() == 0
    assert served == [(5001, StopTimes(45, 10))]
    assert "BENCHLING_SECRET has no tenant" in capsys.readouterr().out
    monkeypatch.setenv("PORT", "x")
    assert main() == 2
    assert capsys.readouterr().err.startswith("PORT 'x'")


def python(program):
    return subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        cwd=ROOT,
        env={**os.environ, "PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_the_server_listens_before_what_takes_long_to_load():
    ended = python("import sys; from src import app; print(*sys.modules)")
    loaded = {name.split(".")[0] for name in ended.stdout.split()}
    assert "flask" in loaded
    assert not loaded & {"benchling_sdk", "botocore", "httpx", "jwcrypto", "urllib3"}


def test_health_checks_fail_until_the_application_is_loaded_and_warm():
    loading, warming, loaded = Future(), Future(), Flask("loaded")
    loaded.add_url_rule("/<path:_>", view_func=lambda _: "loaded", endpoint="any")
    lazy_app = LazyApp(lambda: (loading.result(), warming.result))
    client = Client(lazy_app)

    def probe():
        responses = [client.get(path) for path in ("/health", "/health/live")]
        return {(response.status_code, response.json["status"]) for response in responses}

    assert probe() == {(503, "starting")}
    with ThreadPoolExecutor() as threads:
        ended = threads.submit(lazy_app.load)
        waiting = [threads.submit(client.get, path) for path in ("/health/ready", "/event")]
        time.sleep(0.1)
        assert not any(response.done() for response in waiting)
        loading.set_result(loaded)
        assert [response.result(10).text for response in waiting] == ["loaded"] * 2
        assert probe() == {(503, "starting")}
        warming.set_result(None)
        ended.result(10)
    assert client.get("/health").text == "loaded"


def test_the_threads_of_the_service_share_one_cpu():
    ended = python("""
import os, threading
from src import app
def serve(*_, **__):
    thread = threading.Thread(target=lambda: print(len(os.sched_getaffinity(0))))
    thread.start()
    thread.join()
app.serve = serve
app.main()
""")
    assert ended.stdout.splitlines()[-1] == "1"


def test_a_process_that_cannot_load_its_application_ends():
    ended = python(
        "import sys; from src import app; sys.modules['src.webhook.application'] = None; app.main()"
    )
    assert ended.returncode == 1
    assert '"event": "service.load_failed"' in ended.stdout


@pytest.mark.parametrize("chunked", [False, True])
def test_what_is_too_large_to_be_read_is_refused_in_json(chunked):
    port, responses = free_port(), []

    def request():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for _ in range(100):
            try:
                connection.connect()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        connection.putrequest("POST", "/event")
        if chunked:
            connection.putheader("transfer-encoding", "chunked")
            connection.endheaders(b"300000\r\n" + b"x" * 0x300000 + b"\r\n0\r\n\r\n")
        else:
            connection.putheader("content-length", str(3 * 1024 * 1024))
            connection.endheaders()
        response = connection.getresponse()
        responses.append((response.status, json.loads(response.read())["error"]))
        connection.close()
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=request)
    thread.start()
    serve_here(lambda *_: [], port, 5)
    thread.join(10)
    assert responses == [(413, "request_entity_too_large")]
