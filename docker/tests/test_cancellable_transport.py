"""Reads in slices, over real TLS: a key and a certificate that are made for the run."""

import socket
import ssl
import threading
import time

import httpx
import pytest

from src.queues.lease import GiveBackError
from src.runtime.cancellable_transport import SLICE_SECONDS, CancellableTransport, tls_context

from .certificate import certificate

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def pem(tmp_path_factory):
    """A certificate for 127.0.0.1 with its key."""
    return certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture(autouse=True)
def context_of_its_own():
    """Each test has certificates of its own."""
    tls_context.cache_clear()
    yield
    tls_context.cache_clear()


@pytest.fixture
def slow(pem):
    """The address of a server that pauses in the midst of a head and of a body."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        try:
            connection, _ = listener.accept()
            with context.wrap_socket(connection, server_side=True) as stream:
                stream.recv(65536)
                for piece in (b"HTTP/1.1 200 OK\r\nconte", b"nt-length: 4\r\n\r\nab", b"cd"):
                    stream.sendall(piece)
                    time.sleep(1.5 * SLICE_SECONDS)
        except OSError:
            return

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}/"
    listener.close()
    thread.join(10)


def test_a_response_that_pauses_for_longer_than_a_slice_is_whole(slow, pem, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    checks = []
    with httpx.Client(
        transport=CancellableTransport(lambda: checks.append(1)), timeout=5
    ) as client:
        assert client.get(slow).content == b"abcd"
    assert len(checks) > 4


def test_a_certificate_that_nobody_vouches_for_is_none(slow):
    with (
        httpx.Client(transport=CancellableTransport(lambda: None), timeout=5) as client,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.get(slow)


def test_a_stop_ends_a_read_over_tls(slow, pem, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    stop = threading.Event()

    def check():
        if stop.is_set():
            raise GiveBackError

    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    with (
        httpx.Client(transport=CancellableTransport(check), timeout=5) as client,
        pytest.raises(GiveBackError),
    ):
        client.get(slow)
    assert time.monotonic() - began < 0.2 + 2 * SLICE_SECONDS
