"""Clients that dawdle, and what everybody else gets beside them: real sockets."""

import http.client
import json
import os
import resource
import signal
import socket
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest
from structlog.testing import capture_logs
from waitress import wasyncore

from src.runtime import connections
from src.runtime.connections import CONNECTIONS, THREADS, Server

from .test_app import call, free_port, serve_here
from .waiting import until

pytestmark = pytest.mark.slow

# What a probe or an event may take on a busy machine.
SECONDS = 5.0
UNFINISHED = [b"POST /event HT", b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\n1"]


@contextmanager
def serving(app):
    server = Server(app, "127.0.0.1", 0)
    ended = threading.Event()

    def run():
        while not ended.is_set():
            wasyncore.loop(timeout=0.05, map=server.map, use_poll=True, count=1)

    loop = threading.Thread(target=run)
    loop.start()
    try:
        yield server
    finally:
        ended.set()
        loop.join(5)
        server.task_dispatcher.shutdown(timeout=2)
        wasyncore.close_all(server.map)


def respond(_environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


class Blocked:
    """An application whose every event waits, as for a queue that never responds."""

    def __init__(self):
        self.released = threading.Event()
        self.entered = 0

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/event":
            self.entered += 1
            self.released.wait(20)
        return respond(environ, start_response)


def waiting(server):
    return len(server.task_dispatcher._app.queue)


def dawdler(stack, server, sent=b""):
    client = stack.enter_context(socket.create_connection(("127.0.0.1", server.effective_port), 5))
    if sent:
        client.sendall(sent)
    return client


def is_closed(client, within):
    client.settimeout(within)
    try:
        return client.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


def timed(server, path):
    began = time.monotonic()
    status, _ = call(server.effective_port, "GET", path)
    return status, time.monotonic() - began


@pytest.mark.parametrize("sent", [b"", *UNFINISHED])
def test_more_idle_clients_than_connections_stop_nobody(monkeypatch, sent):
    monkeypatch.setattr(connections, "LOG_SECONDS", 0.0)
    needed = 3 * CONNECTIONS
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], needed), before[1]))
    with serving(respond) as server, ExitStack() as stack, capture_logs() as lines:
        for _ in range(CONNECTIONS + 200):
            dawdler(stack, server, sent)
        for path in ("/health", "/event"):
            status, seconds = timed(server, path)
            assert status == 200
            assert seconds < SECONDS
        assert len(server.active_channels) <= CONNECTIONS
        server.maintenance(time.time())
    assert {line["event"] for line in lines} == {"connections.closed"}
    # On a busy machine, some were too slow before their places were needed.
    closed = sum(line["connections"] + line["too_slow"] for line in lines)
    assert closed >= 200


@pytest.mark.parametrize("sent", [b"", b"GET /", b"POST / HTTP/1.1\r\ncontent-length: 999\r\n\r\n"])
def test_a_client_that_sends_a_byte_now_and_then_is_closed_all_the_same(monkeypatch, sent):
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.5)
    with serving(respond) as server, ExitStack() as stack:
        client = dawdler(stack, server, sent)
        began = time.monotonic()
        while not is_closed(client, 0.1) and time.monotonic() - began < 5:
            if sent:
                client.sendall(b"x")
        assert time.monotonic() - began < 2.5


def test_a_connection_that_was_served_is_kept_longer_than_the_load_balancers():
    assert connections.KEEP_ALIVE_SECONDS > 60
    with serving(respond) as server:
        kept = http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=5)
        for ahead in (0, connections.REQUEST_SECONDS + 1, connections.KEEP_ALIVE_SECONDS - 2):
            server.maintenance(time.time() + ahead)
            kept.request("GET", "/")
            assert kept.getresponse().read() == b"ok"
        (connection,) = server.active_channels.values()
        until(lambda: connection.is_idle)
        server.maintenance(time.time() + connections.KEEP_ALIVE_SECONDS + 1)
        assert not connection.connected
        kept.close()


def test_health_waits_for_no_event_and_no_request_in_work_is_closed(caplog):
    app = Blocked()
    with serving(app) as server, ExitStack() as stack:
        clients = [
            dawdler(stack, server, b"GET /event HTTP/1.1\r\nhost: x\r\n\r\n")
            for _ in range(2 * THREADS)
        ]
        until(lambda: waiting(server) == THREADS)
        status, seconds = timed(server, "/health")
        assert status == 200
        assert seconds < SECONDS
        server.maintenance(time.time() + 1000)
        app.released.set()
        assert {client.recv(12) for client in clients} == {b"HTTP/1.1 200"}
    assert [it for it in caplog.records if it.name == "waitress.queue"] == [], (
        "what waits is bounded"
    )


def test_requests_beyond_the_limit_are_refused_at_once(monkeypatch):
    monkeypatch.setattr(connections, "WAITING", 5)
    app = Blocked()
    with serving(app) as server, ExitStack() as stack:
        for sent in range(1, THREADS + 6):
            dawdler(stack, server, b"GET /event HTTP/1.1\r\nhost: x\r\n\r\n")
            until(lambda sent=sent: app.entered + waiting(server) == sent)
        began = time.monotonic()
        status, body = call(server.effective_port, "POST", "/event", b"{}")
        assert time.monotonic() - began < SECONDS
        assert status == 503
        assert json.loads(body) == {"error": "service_unavailable", "message": "try again later"}
        app.released.set()


def test_bodies_that_never_end_hold_bounded_memory(monkeypatch):
    monkeypatch.setattr(connections, "HELD_BYTES", 3_000_000)
    head = b"POST /event HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
    with serving(respond) as server, ExitStack() as stack:
        clients = [dawdler(stack, server, head) for _ in range(6)]
        for client in clients:
            client.sendall(b"x" * 900_000)
        assert is_closed(clients[0], 2)
        assert not is_closed(clients[-1], 0.1)
        assert sum(it.held_bytes for it in list(server.active_channels.values())) <= 3_000_000
        clients[-1].sendall(b"x" * 100_000)
        assert clients[-1].recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize(
    ("head", "status", "error"),
    [
        (b"content-length: " + b"9" * 5000, 400, "bad_request"),
        (b"content-length: -1", 400, "bad_request"),
        (b"no colon", 400, "bad_request"),
        (b"x: " + b"y" * 20_000, 431, "request_header_fields_too_large"),
        (b"transfer-encoding: gzip", 501, "not_implemented"),
        (b"content-length: 1048577", 413, "request_entity_too_large"),
    ],
)
def test_a_head_that_cannot_be_meant_is_refused_in_json(head, status, error):
    with serving(respond) as server, ExitStack() as stack:
        client = dawdler(stack, server, b"POST /event HTTP/1.1\r\nhost: x\r\n" + head + b"\r\n\r\n")
        response = http.client.HTTPResponse(client)
        response.begin()
        assert (response.status, json.loads(response.read())["error"]) == (status, error)


def test_an_address_that_cannot_be_meant_is_refused_in_json():
    with serving(respond) as server, ExitStack() as stack:
        client = dawdler(stack, server, b"POST http://[::1/event HTTP/1.1\r\nhost: x\r\n\r\n")
        response = http.client.HTTPResponse(client)
        response.begin()
        assert (response.status, json.loads(response.read())["error"]) == (400, "bad_request")


def test_a_client_that_takes_no_response_is_closed(monkeypatch):
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.5)

    def large(_environ, start_response):
        start_response("200 OK", [("Content-Length", "10000000")])
        return [b"x" * 10_000_000]

    with serving(large) as server, ExitStack() as stack:
        dawdler(stack, server, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        time.sleep(0.3)
        began = time.monotonic()
        while server.active_channels and time.monotonic() - began < 5:
            time.sleep(0.05)
        assert not server.active_channels


@pytest.mark.parametrize("sent", UNFINISHED)
def test_sigterm_waits_for_no_request_that_is_not_all_there(sent):
    port = free_port()

    def stop():
        for _ in range(100):
            try:
                client = socket.create_connection(("127.0.0.1", port), 5)
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        client.sendall(sent)
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGTERM)
        stopped.append(time.monotonic())
        client.recv(1)
        client.close()

    stopped = []
    thread = threading.Thread(target=stop)
    thread.start()
    serve_here(respond, port, 30)
    assert time.monotonic() - stopped[0] < 3
    thread.join(10)
