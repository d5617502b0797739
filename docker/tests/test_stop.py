"""The stop of the server's process behind a load balancer that still sends: real sockets."""

import http.client
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from .test_app import ROOT, call, free_port, run

pytestmark = pytest.mark.slow

STOP_SECONDS = 10
PROGRAM = f"""
import sys, time
from src.runtime.server import StopTimes, serve

def app(environ, start_response):
    time.sleep(float(environ["QUERY_STRING"] or 0))
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

serve(app, int(sys.argv[1]), StopTimes({STOP_SECONDS}, float(sys.argv[2])), host="127.0.0.1")
"""


@contextmanager
def serving(delay):
    port = free_port()
    command = [sys.executable, "-c", PROGRAM, str(port), str(delay)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: call(port, "GET", "/")[0] == 200)
        yield process, port
    finally:
        process.kill()
        process.wait(5)


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.02)


def listens(port):
    try:
        return call(port, "GET", "/")[0] == 200
    except ConnectionRefusedError:
        return False


def test_new_connections_are_served_during_the_delay_and_a_long_request_finishes():
    with serving(delay=2) as (process, port):
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        served = 0
        while time.monotonic() - began < 1.5:
            assert call(port, "GET", "/") == (200, b"ok")
            served += 1
        responses = []
        thread = threading.Thread(target=lambda: responses.append(call(port, "GET", "/?2")))
        thread.start()
        wait_for(lambda: not listens(port), 5)
        assert 1.9 < time.monotonic() - began < 3.4
        assert process.poll() is None
        assert process.wait(STOP_SECONDS) == 0
        assert time.monotonic() - began < STOP_SECONDS - 1
        thread.join(5)
        assert responses == [(200, b"ok")]
        assert served > 10


def test_kept_connections_get_connection_close():
    with serving(delay=5) as (process, port):
        kept = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        said = []
        for stop in (False, True):
            if stop:
                process.send_signal(signal.SIGTERM)
                time.sleep(0.3)
            kept.request("GET", "/")
            response = kept.getresponse()
            said.append((response.read(), response.headers["Connection"]))
        kept.close()
        assert said == [(b"ok", None), (b"ok", "close")]


@pytest.mark.parametrize(
    ("delay", "signals"),
    [
        (0, [signal.SIGTERM]),
        (8, [signal.SIGINT]),
        (8, [signal.SIGTERM, signal.SIGINT]),
    ],
)
def test_stop_without_shutdown_delay_is_prompt(delay, signals):
    with serving(delay) as (process, port):
        began = time.monotonic()
        for number in signals:
            process.send_signal(number)
            time.sleep(0.2)
        assert process.wait(5) == 0
        assert time.monotonic() - began < 3
        assert not listens(port)


def test_the_service_is_healthy_during_the_delay_that_its_environment_sets():
    port = free_port()
    process = run({"PORT": str(port), "STOP_TIMEOUT_SECONDS": "10", "SHUTDOWN_DELAY_SECONDS": "2"})
    try:
        wait_for(lambda: call(port, "GET", "/health")[0] == 200)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert call(port, "GET", "/health")[0] == 200
        assert process.wait(8) == 0
        assert 1.9 < time.monotonic() - began < 5
    finally:
        process.kill()
        process.communicate()
