import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from jwcrypto.jwk import JWK, JWKSet

from src.keys import MAX_AGE_SECONDS, REFETCH_SECONDS, KeyProvider, KeysUnavailableError, fetch_jwks


class Source:
    """Counts its calls; fails when told to."""

    def __init__(self, keys):
        self.keys, self.calls, self.fails, self.now = keys, 0, False, 0.0

    def __call__(self):
        self.calls += 1
        if self.fails:
            raise httpx.ConnectError("no route")
        return self.keys

    def provider(self):
        return KeyProvider(self, clock=lambda: self.now)


def test_keys_are_fetched_once_for_six_hours(signer):
    source = Source(signer.keys)
    provider = source.provider()
    for source.now in (0.0, 1.0, MAX_AGE_SECONDS - 1):
        assert provider.current() is source.keys
    assert source.calls == 1
    source.now = MAX_AGE_SECONDS
    provider.current()
    assert source.calls == 2


def test_old_keys_are_not_used_when_new_ones_cannot_be_had(signer):
    source = Source(signer.keys)
    provider = source.provider()
    provider.current()
    source.fails, source.now = True, MAX_AGE_SECONDS
    with pytest.raises(KeysUnavailableError):
        provider.current()
    with pytest.raises(KeysUnavailableError):
        provider.current()
    assert source.calls == 2  # the second failure was remembered


def test_an_unknown_key_is_looked_up_at_most_once_a_minute(signer, stranger):
    source = Source(signer.keys)
    provider = source.provider()
    known = provider.current()
    source.keys, source.now = stranger.keys, REFETCH_SECONDS - 1
    assert provider.newer_than(known) is None
    source.now = REFETCH_SECONDS
    assert provider.newer_than(known) is source.keys
    # Who held the old keys gets the new ones without another look-up.
    assert provider.newer_than(known) is source.keys
    assert source.calls == 2
    assert provider.newer_than(source.keys) is None


def test_a_look_up_holds_nobody_up(signer):
    began, release = threading.Event(), threading.Event()
    source = Source(signer.keys)
    provider = source.provider()
    known = provider.current()

    def slow():
        began.set()
        release.wait(5)
        return signer.keys

    provider._fetch, source.now = slow, REFETCH_SECONDS
    thread = threading.Thread(target=provider.newer_than, args=(known,))
    thread.start()
    assert began.wait(5)
    at = time.monotonic()
    assert provider.newer_than(known) is None
    assert provider.current() is known
    assert time.monotonic() - at < 1
    release.set()
    thread.join(5)


def test_who_waited_for_a_failed_fetch_shares_its_failure():
    calls, lock = [], threading.Lock()

    def fetch():
        with lock:
            calls.append(1)
        time.sleep(0.3)
        raise httpx.ConnectError("no route")

    provider = KeyProvider(fetch)

    def use():
        with pytest.raises(KeysUnavailableError):
            provider.current()

    threads = [threading.Thread(target=use) for _ in range(6)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(calls) == 1
    assert time.monotonic() - began < 1


def test_an_address_that_is_none_means_no_keys():
    with pytest.raises(KeysUnavailableError, match=r"can't be fetched \(InvalidURL\)"):
        KeyProvider(lambda: fetch_jwks("appdef_1", "http://a b:x/")).current()


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.document)

    def log_message(self, *_):
        pass


def test_keys_come_from_the_given_address(signer):
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        server.document = json.dumps(signer.keys.export(private_keys=False, as_dict=True)).encode()
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/jwks"
            assert len(list(fetch_jwks("appdef_1", url))) == 1
            mixed = JWKSet()
            for key in (JWK.generate(kty="RSA"), JWK.generate(kty="oct"), *signer.keys):
                mixed.add(key)
            server.document = mixed.export(private_keys=True).encode()
            (key,) = fetch_jwks("appdef_1", url)
            assert key.export_public(as_dict=True)["kty"] == "EC"
            server.document = b"not json"
            with pytest.raises(KeysUnavailableError):
                KeyProvider(lambda: fetch_jwks("appdef_1", url)).current()
        finally:
            server.shutdown()
            thread.join(5)


class Trickle(BaseHTTPRequestHandler):
    """Sends a byte at a time, or far too many."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(100):
                self.wfile.write(b" " * self.server.piece)
                self.wfile.flush()
                time.sleep(self.server.pause)

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(("piece", "pause"), [(1, 0.1), (65536, 0.0)])
def test_an_answer_without_end_is_given_up(piece, pause):
    with HTTPServer(("127.0.0.1", 0), Trickle) as server:
        server.piece, server.pause = piece, pause
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        began = time.monotonic()
        with pytest.raises(httpx.ReadTimeout):
            fetch_jwks("appdef_1", f"http://127.0.0.1:{server.server_port}/jwks")
        assert time.monotonic() - began < 2
        thread.join(5)
