"""Ready means that Benchling gave a token."""

import ssl
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from benchling_sdk.errors import BenchlingError

from src.runtime.credentials import RECHECK_SECONDS, Credentials, token_of

from .benchling_server import BenchlingServer
from .certificate import certificate


def refusal(status):
    error = BenchlingError.__new__(BenchlingError)
    error.status_code = status
    return error


class Source:
    """Fails with each error in turn, then works."""

    def __init__(self, *errors):
        self.errors = list(errors)

    def __call__(self):
        if self.errors:
            error = self.errors.pop(0)
            if error:
                raise error


def test_nothing_is_ready_before_it_was_asked():
    assert "not asked" in Credentials(Source()).problem()


def test_a_token_makes_ready():
    credentials = Credentials(Source())
    assert credentials.check() == RECHECK_SECONDS
    assert credentials.problem() == ""


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refusal_names_the_remedy(status):
    credentials = Credentials(Source(None, refusal(status)))
    credentials.check()
    assert credentials.check() == 0
    assert f"answered {status}" in credentials.problem()
    assert "copy both" in credentials.problem()
    credentials.check()
    assert credentials.problem() == ""


def test_proven_credentials_outlive_an_outage_and_unproven_do_not_begin_in_one():
    proven = Credentials(Source(None, refusal(500)))
    proven.check()
    assert proven.check() == 0
    assert proven.problem() == ""
    unproven = Credentials(Source(refusal(500)))
    unproven.check()
    assert "no token from Benchling (500)" in unproven.problem()


def test_they_are_watched_in_the_background():
    server = BenchlingServer()
    credentials = Credentials(token_of(server.address, "id", "secret"))
    credentials.watch()
    deadline = time.monotonic() + 5
    while credentials.problem() and time.monotonic() < deadline:
        time.sleep(0.01)
    server.shutdown()
    server.server_close()
    assert credentials.problem() == ""


def test_an_address_that_leads_nowhere_is_a_problem():
    credentials = Credentials(token_of("http://127.0.0.1:9", "id", "secret"))
    credentials.check()
    assert "look at tenant" in credentials.problem()


def test_a_fault_that_nobody_foresaw_is_a_reason_and_ends_nothing():
    def fetch():
        raise UnicodeError("label too long")

    credentials = Credentials(fetch)
    assert credentials.check() == 0
    assert "UnicodeError" in credentials.problem()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:9", "(ConnectError)"),
        ("ftp://127.0.0.1:9", "(UnsupportedProtocol)"),
    ],
)
def test_who_is_not_reached_has_not_answered(address, said):
    credentials = Credentials(token_of(address, "id", "secret"))
    credentials.check()
    assert f"can't be reached {said}" in credentials.problem()


def test_a_foreign_certificate_is_named(tmp_path):
    with stranger(tmp_path) as address:
        credentials = Credentials(token_of(address, "id", "secret"))
        credentials.check()
    assert "certificate isn't one that this image trusts" in credentials.problem()


@contextmanager
def stranger(directory):
    """A server whose certificate nobody signed but itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(directory / "stranger.pem"))
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
