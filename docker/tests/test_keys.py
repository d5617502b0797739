"""The app's keys: from odd documents, through outages, and never at a request's cost."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

import httpx
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from jwcrypto.jwk import JWK

from src.webhook import keys as module
from src.webhook.keys import (
    FETCH_ERRORS,
    LOOK_SECONDS,
    MAX_AGE_SECONDS,
    MAX_KEYS,
    KeyProvider,
    KeysUnavailableError,
    _usable,
    fetch_keys,
)


class Source:
    """Counts its calls; fails when it must."""

    def __init__(self, keys):
        self.keys, self.calls, self.fails, self.now = keys, 0, False, 0.0

    def __call__(self):
        self.calls += 1
        if self.fails:
            raise httpx.ConnectError("no route")
        return self.keys

    def provider(self):
        return KeyProvider(self, clock=lambda: self.now)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch):
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.2)


def test_no_request_fetches_keys(signer):
    source = Source(signer.keys)
    provider = source.provider()
    with pytest.raises(KeysUnavailableError, match="not fetched yet"):
        provider.current()
    assert "not fetched yet" in provider.problem()
    assert provider.refresh()
    for source.now in (0.0, 1.0, MAX_AGE_SECONDS - 1):
        assert provider.current() is source.keys
    assert source.calls == 1
    assert provider.problem() == ""


def test_good_keys_outlive_an_outage_of_six_hours_and_no_longer(signer):
    source = Source(signer.keys)
    provider = source.provider()
    provider.refresh()
    source.fails = True
    for source.now in (3600.0, 3601.0, MAX_AGE_SECONDS - 1):
        assert not provider.refresh()
        assert provider.current() is source.keys
    source.now = MAX_AGE_SECONDS
    with pytest.raises(KeysUnavailableError, match="ConnectError"):
        provider.current()
    assert "ConnectError" in provider.problem()
    source.fails = False
    provider.refresh()
    assert provider.current() is source.keys


def test_a_set_without_usable_keys_replaces_none(signer):
    source = Source(signer.keys)
    provider = source.provider()
    provider.refresh()
    source.keys = ()
    assert not provider.refresh()
    assert provider.current() is signer.keys


def test_unexpected_exception_counts_as_failed_fetch():
    def fetch():
        raise AssertionError("secret")

    provider = KeyProvider(fetch)
    assert not provider.refresh()
    assert "(AssertionError)" in provider.problem()
    assert "secret" not in provider.problem()


def test_the_first_requests_wait_for_the_first_keys(signer):
    source = Source(signer.keys)
    provider = source.provider()
    threading.Timer(0.05, provider.refresh).start()
    assert provider.current() is source.keys


def test_an_unknown_key_is_looked_up_at_most_once_a_minute(signer, stranger):
    source = Source(signer.keys)
    provider = source.provider()
    provider.watch()
    known = provider.current()
    source.keys, source.now = stranger.keys, LOOK_SECONDS - 1
    assert provider.newer_than(known) == ()
    source.now = LOOK_SECONDS
    assert provider.newer_than(known) is source.keys
    # Who held the old keys gets the new ones without another look-up.
    assert provider.newer_than(known) is source.keys
    assert source.calls == 2
    assert provider.newer_than(source.keys) == ()


def test_a_look_up_holds_nobody_up_but_who_asked_for_it(signer):
    began, release = threading.Event(), threading.Event()
    source = Source(signer.keys)
    provider = source.provider()
    provider.watch()
    known = provider.current()

    def slow():
        began.set()
        release.wait(5)
        return signer.keys

    provider._fetch, source.now = slow, LOOK_SECONDS
    asking = threading.Thread(target=provider.newer_than, args=(known,))
    at = time.monotonic()
    asking.start()
    assert began.wait(5)
    second = time.monotonic()
    assert provider.newer_than(known) == ()
    assert provider.current() is known
    assert time.monotonic() - second < 0.1
    asking.join(5)
    assert time.monotonic() - at < 1
    release.set()


def test_failed_fetches_are_repeated_in_the_background(signer, monkeypatch):
    monkeypatch.setattr(module, "FIRST_RETRY_SECONDS", 0.01)
    source = Source(signer.keys)
    source.fails = True
    provider = source.provider()
    provider.watch()
    while source.calls < 3:
        time.sleep(0.005)
    source.fails = False
    assert provider.current() is source.keys


class KeysHandler(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self):
        self.send_response(getattr(self.server, "status", 200))
        self.end_headers()
        self.wfile.write(self.server.document)

    def log_message(self, *_):
        pass


@pytest.fixture
def published():
    with ThreadingHTTPServer(("127.0.0.1", 0), KeysHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()

        def fetch(document, status=200):
            server.status = status
            is_text = isinstance(document, bytes)
            server.document = document if is_text else json.dumps(document).encode()
            return fetch_keys("appdef_1", f"http://127.0.0.1:{server.server_port}/jwks")

        yield fetch
        server.shutdown()
        thread.join(5)


def public(**changes):
    key = JWK.generate(kty="EC", crv="P-256", kid="k1").export_public(as_dict=True)
    return {**key, **changes}


ODD_KEYS = {
    "off the curve": public(x="A" * 43),
    "a short coordinate": public(x="AAAA"),
    "no coordinate": {"kty": "EC", "crv": "P-256", "kid": "k"},
    "a number for a coordinate": public(x=7),
    "null for a coordinate": public(y=None),
    "another curve": JWK.generate(kty="EC", crv="P-384").export_public(as_dict=True),
    "RSA": JWK.generate(kty="RSA").export_public(as_dict=True),
    "a shared secret": {"kty": "oct", "k": "AAAA"},
    "no object": 7,
    "a long kid": public(x="!", kid="k" * 10_000),
    "a kid that is none": public(x="!", kid=[1]),
}


@pytest.mark.parametrize("kind", ODD_KEYS)
def test_each_key_is_taken_by_itself(published, kind):
    with structlog.testing.capture_logs() as lines:
        (key,) = published({"keys": [ODD_KEYS[kind], public()]})
    assert key.public.curve.name == "secp256r1"
    assert all(len(str(line)) < 300 for line in lines)


def test_keys_without_an_id_are_keys_and_each_counts_once(published):
    key = public()
    del key["kid"]
    assert len(published({"keys": [key, key, {**key, "kid": "again"}]})) == 1


def test_no_more_keys_are_taken_than_benchling_publishes(published):
    keys = [public() for _ in range(MAX_KEYS + 3)]
    assert len(published({"keys": keys * 20})) == MAX_KEYS


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (b"not json", 200),
        (b"", 200),
        (b"[" * 100_000, 200),
        ([], 200),
        ({}, 200),
        ({"keys": {}}, 200),
        (b" " * 300_000, 200),
        ({"keys": []}, 500),
        ({"keys": []}, 404),
    ],
    ids=lambda it: str(it)[:20],
)
def test_invalid_document_raises_fetch_error(published, document, status):
    with pytest.raises(FETCH_ERRORS):
        published(document, status)


@pytest.mark.parametrize("url", ["http://a b:x/", "ftp://127.0.0.1/", "http://127.0.0.1:1/", "x"])
def test_an_address_that_is_none_is_a_failure(url):
    with pytest.raises(FETCH_ERRORS):
        fetch_keys("appdef_1", url)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=50),
    lambda it: st.lists(it, max_size=3) | st.dictionaries(st.text(max_size=5), it, max_size=3),
    max_leaves=5,
)
FIELDS = st.fixed_dictionaries(
    {"kty": st.just("EC"), "crv": st.just("P-256")},
    optional={"x": JSON, "y": JSON, "kid": JSON, "d": JSON},
)


@settings(max_examples=200, deadline=None)
@given(st.lists(FIELDS | JSON, max_size=3))
def test_whatever_is_published_a_key_is_usable_or_left_out(published_keys):
    assert _usable({"keys": [*published_keys, public()]})


class Drip(BaseHTTPRequestHandler):
    """Sends a byte at a time, of its head or of its body."""

    def do_GET(self):
        with contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\n" if self.server.head else b"")
            if not self.server.head:
                self.send_response(200)
                self.end_headers()
            for _ in range(60):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("head", [True, False])
def test_dripping_response_is_given_up(monkeypatch, head):
    monkeypatch.setattr(module, "FETCH_SECONDS", 0.3)
    with HTTPServer(("127.0.0.1", 0), Drip) as server:
        server.head = head
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        began = time.monotonic()
        with pytest.raises(FETCH_ERRORS):
            fetch_keys("appdef_1", f"http://127.0.0.1:{server.server_port}/jwks")
        assert time.monotonic() - began < 1.5
        thread.join(5)
