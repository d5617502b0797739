"""S3's PutObject by the fast way, beside botocore's own: the same errors and retries."""

import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    SSLError,
)

from src.runtime.metrics import Metrics
from src.runtime.retries import count_retries
from src.store.fast_put import use_fast_put
from tests.certificate import certificate
from tests.test_put_requests import arguments, client_of


class Handler(BaseHTTPRequestHandler):
    """Answers as the server's script says: a status, or what else becomes of the request."""

    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections += 1
        self.server.open.append(self.connection)

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        outcome = self.server.outcome_of(self.path)
        if outcome == "slow":
            self.server.ended.wait(3)
        if outcome in ("slow", "drop"):
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.send_response(200 if outcome == "no ETag" else outcome)
        body = b"" if outcome in (200, "no ETag") else CODES[outcome]
        if outcome == 200:
            self.send_header("ETag", '"e"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


CODES = {
    status: f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    for status, code in (
        (403, "AccessDenied"),
        (409, "ConditionalRequestConflict"),
        (412, "PreconditionFailed"),
        (500, "InternalError"),
        (503, "SlowDown"),
    )
}


@contextmanager
def server_of(outcome_of, pem=None, port=0):
    running = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    running.daemon_threads, running.block_on_close = True, False
    running.handle_error = lambda *_: None
    running.outcome_of, running.ended = outcome_of, threading.Event()
    running.asked, running.connections, running.open = 0, 0, []
    if pem:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        running.socket = context.wrap_socket(running.socket, server_side=True)
    threading.Thread(target=running.serve_forever, args=(0.02,)).start()
    try:
        yield running
    finally:
        running.ended.set()
        running.shutdown()
        running.server_close()
        for connection in running.open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Counted(Metrics):
    def __init__(self):
        super().__init__("stack")
        self.counted = 0

    def count(self, _):
        self.counted += 1


def outcome_of_put(script, *, fast):
    """Return what a put comes to, how often the server was asked, and the retries counted."""
    outcomes, metrics = iter([200] * fast + script), Counted()
    with server_of(lambda _: next(outcomes)) as server:
        client = client_of(f"http://127.0.0.1:{server.server_port}")
        if fast:
            use_fast_put(client)
        count_retries(client, "S3Retries", metrics)
        if fast:
            client.put_object(**arguments())
        try:
            found = client.put_object(**arguments("b"))["ETag"]
        except (ClientError, BotoCoreError, KeyError) as error:
            found = type(error).__name__, str(error).replace(str(server.server_port), "PORT")
        return found, server.asked - fast, metrics.counted


@pytest.mark.parametrize(
    "script",
    [
        [200],
        [403],
        [409],
        [412],
        ["no ETag"],
        [500, 200],
        [503, 503, 200],
        [503, 503, 503],
        ["drop", 200],
        ["drop", 412],
        ["drop", "drop", "drop"],
        ["slow", 200],
        [503, 403],
    ],
    ids=str,
)
def test_errors_and_retries_are_botocores(script, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    fast = outcome_of_put(script, fast=True)
    assert fast == outcome_of_put(script, fast=False)
    # Neither asks once more than the script has outcomes for.
    assert fast[1:] == (len(script), len(script) - 1)


def test_a_label_that_is_no_header_is_refused_alike(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    texts = []
    with server_of(lambda _: 200) as server:
        for use in (lambda _: None, use_fast_put):
            client = client_of(f"http://127.0.0.1:{server.server_port}")
            use(client)
            client.put_object(**arguments())
            with pytest.raises(HTTPClientError) as raised:
                client.put_object(**arguments(labels={"benchling-entry": "a\r\nx-amz-acl: public"}))
            texts.append(str(raised.value))
    assert texts[0] == texts[1]
    assert server.asked == 2


def test_a_server_that_is_gone_is_an_error(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    with server_of(lambda _: 200) as server:
        client = client_of(f"http://127.0.0.1:{server.server_port}")
        use_fast_put(client)
        client.put_object(**arguments())
    with pytest.raises(EndpointConnectionError):
        client.put_object(**arguments())


def test_connections_are_used_again():
    with server_of(lambda _: 200) as server:
        client = client_of(f"http://127.0.0.1:{server.server_port}")
        use_fast_put(client)
        for number in range(5):
            client.put_object(**arguments(str(number)))
        assert (server.asked, server.connections) == (5, 1)


def test_each_thread_has_the_outcome_of_its_own_put():
    with server_of(lambda path: 412 if "odd" in path else 200) as server:
        client = client_of(f"http://127.0.0.1:{server.server_port}")
        use_fast_put(client)
        client.put_object(**arguments())

        def put(key):
            try:
                return client.put_object(**arguments(key))["ETag"]
            except ClientError as error:
                return error.response["Error"]["Code"]

        keys = [f"{number}-{'odd' if number % 2 else 'even'}" for number in range(60)]
        with ThreadPoolExecutor(6) as threads:
            found = list(threads.map(put, keys))
    assert found == ['"e"', "PreconditionFailed"] * 30
    assert server.asked == 61


def test_only_a_trusted_server_gets_anything(tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    trusted, other = (str(certificate(tmp_path / name)) for name in ("trusted", "other"))
    monkeypatch.setenv("AWS_CA_BUNDLE", trusted)
    with server_of(lambda _: 200, trusted) as server:
        port = server.server_port
        client = client_of(f"https://127.0.0.1:{port}")
        use_fast_put(client)
        for number in range(3):
            client.put_object(**arguments(str(number)))
        assert (server.asked, server.connections) == (3, 1)
    client.close()
    with server_of(lambda _: 200, other, port) as server:
        with pytest.raises(SSLError):
            client.put_object(**arguments())
        assert server.asked == 0
