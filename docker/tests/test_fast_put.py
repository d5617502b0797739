"""S3's PutObject by the fast way, beside botocore's own: the same requests, errors and retries."""

import socket
import ssl
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    ParamValidationError,
    SSLError,
)

from src.runtime.metrics import Metrics
from src.runtime.retries import count_retries
from src.store.fast_put import use_fast_put
from worker_bench.certificate import certificate

BUCKET = "packages"
CONFIG = Config(
    connect_timeout=2,
    read_timeout=1,
    retries={"total_max_attempts": 3, "mode": "standard"},
    user_agent="benchling-webhook Boto3/0",
)
KEYS = (
    "benchling/EXP1/a.txt",
    "ä ö/ß 文件 🧪.csv",
    "a+b c%20d%/é.png",
    "a/../b/./c//d/...",
    "/leading",
    "trailing/",
    "~tilde-_.!*'();:@&=$,?#[]\"<>\\^`{|}",
    "x" * 900,
)
LABELS = {"benchling-entry": "etr_1  a", "benchling-export": "+ %41"}
CONDITIONS = ({"IfNoneMatch": "*"}, {"IfMatch": '"0123"'}, {})
ENDPOINTS = (None, "http://127.0.0.1:4566", "https://s3.example.com:443/base/")


def arguments(key="a.txt", body=b"content", labels=LABELS, **more):
    described = {"ContentType": "text/plain", "Metadata": labels, "ChecksumCRC32": "AAAAAA=="}
    return {"Bucket": BUCKET, "Key": key, "Body": body, **described, **more}


def client_of(endpoint=None, token=None, config=CONFIG, session=None):
    session = session or boto3.Session("AKIA" + "X" * 16, "secret", token, "eu-west-1")
    return session.client("s3", endpoint_url=endpoint, config=config)


@pytest.fixture
def frozen(monkeypatch):
    """Requests that are made twice at the same moment, by the same numbers."""
    moment = datetime(2026, 11, 26, 12, 30, 45, tzinfo=UTC)
    for module in ("botocore.auth", "src.store.put_requests"):
        monkeypatch.setattr(f"{module}.get_current_datetime", lambda: moment)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=1))


class Raw:
    def stream(self):
        return iter(())


class Recorder:
    """Takes a client's requests; only botocore's own have a context."""

    def __init__(self, client):
        self.asked, self.fast = [], []
        client.meta.events.register("before-send", self.take)

    def take(self, request, **_):
        # In their order, and as they are on the wire.
        headers = [
            (name, value if isinstance(value, bytes) else value.encode())
            for name, value in request.headers.items()
        ]
        self.asked.append((request.method, request.url, headers, request.body.read()))
        self.fast.append(not request.context)
        return AWSResponse(request.url, 200, {"ETag": '"e"'}, Raw())


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("token", [None, "a/token=="])
@pytest.mark.usefixtures("frozen")
def test_a_fast_request_is_botocores_byte_for_byte(endpoint, token):
    whole, fast = (client_of(endpoint, token) for _ in range(2))
    use_fast_put(fast)
    of_whole, of_fast = Recorder(whole), Recorder(fast)
    fast.put_object(**arguments("first", b"first", {"other": "label"}))
    cases = [(key, condition, b"content") for key in KEYS for condition in CONDITIONS]
    for key, condition, body in [*cases, ("a", {}, b""), ("a", {}, bytes(300_000))]:
        asked = arguments(key, body, **condition)
        assert fast.put_object(**asked) == {"ETag": '"e"'}
        assert whole.put_object(**asked)["ETag"] == '"e"'
    assert of_fast.fast == [False] + [True] * (len(cases) + 2)
    assert of_fast.asked[1:] == of_whole.asked
    # What is compared has a signature.
    assert all(
        b"Signature=" in dict(headers)["Authorization"] for _, _, headers, _ in of_fast.asked
    )


@pytest.mark.parametrize("change", [{"Metadata": {"benchling-entry": "ä"}}, {"Key": ""}])
def test_what_botocore_refuses_is_refused_alike(change):
    clients = client_of(), client_of()
    use_fast_put(clients[1])
    texts = []
    for client in clients:
        recorder = Recorder(client)
        client.put_object(**arguments())
        with pytest.raises(ParamValidationError) as raised:
            client.put_object(**{**arguments(), **change})
        texts.append(str(raised.value))
        assert len(recorder.asked) == 1
    assert texts[0] == texts[1]


def test_a_call_with_other_parameters_is_botocores_own():
    client = client_of()
    use_fast_put(client)
    recorder = Recorder(client)
    client.put_object(**arguments())
    client.put_object(**arguments(StorageClass="STANDARD_IA"))
    without_checksum = arguments()
    del without_checksum["ChecksumCRC32"]
    client.put_object(**without_checksum)
    assert recorder.fast == [False, False, False]


def test_credentials_are_refreshed_as_botocore_does():
    made = []

    def fetched():
        made.append(f"token-{len(made)}")
        # Soon enough to be refreshed at the next request.
        expires = datetime.now(UTC) + timedelta(seconds=30)
        return {
            "access_key": "AKIA",
            "secret_key": "s",
            "token": made[-1],
            "expiry_time": expires.isoformat(),
        }

    core = botocore.session.get_session()
    core._credentials = RefreshableCredentials.create_from_metadata(fetched(), fetched, "test")
    client = client_of(session=boto3.Session(botocore_session=core, region_name="eu-west-1"))
    use_fast_put(client)
    recorder = Recorder(client)
    for _ in range(3):
        client.put_object(**arguments())
    tokens = [dict(headers)["X-Amz-Security-Token"].decode() for _, _, headers, _ in recorder.asked]
    assert recorder.fast == [False, True, True]
    assert len(set(tokens)) == 3
    assert set(tokens) <= set(made)


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
