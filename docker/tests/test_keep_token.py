"""A token of Benchling's is there before a call needs it."""

import json
from datetime import timedelta

import pytest

from src import worker
from src.handlers import build_handlers, build_stores
from src.runtime.metrics import Metrics
from src.runtime.settings import WORKER_REQUIRED, read_settings
from src.worker import build_worker

from .benchling_server import BenchlingServer, entry
from .conftest import SECRET
from .test_worker import ENVIRONMENT


def settings_of(server):
    secret = json.dumps({**SECRET, "base_url": server.address})
    return read_settings({**ENVIRONMENT, "BENCHLING_SECRET": secret}, WORKER_REQUIRED)


def tokens(server):
    return [path for path in server.asked if path.endswith("/token")]


def test_no_call_waits_for_a_token():
    with BenchlingServer() as server:
        server.entries["etr_1"] = entry("etr_1")
        settings = settings_of(server)
        handlers = build_handlers(settings, build_stores(settings, Metrics("")))
        assert handlers.keep_tokens()
        # One of the exports, and one of what draws.
        assert len(tokens(server)) == 2
        assert handlers.keep_tokens()
        client = handlers.export.__self__._work._dependencies.benchling
        client.entry("etr_1")
        assert len(tokens(server)) == 2
        # The SDK has it made anew some time before its end.
        client._auth._token.refresh_time -= timedelta(days=1)
        assert handlers.keep_tokens()
        client.entry("etr_1")
        assert len(tokens(server)) == 3


def test_where_there_is_no_token_calls_say_why():
    with BenchlingServer() as server:
        server.client_secret = "another"
        settings = settings_of(server)
        handlers = build_handlers(settings, build_stores(settings, Metrics("")))
        assert not handlers.keep_tokens()
    assert not handlers.keep_tokens()


def test_a_worker_keeps_tokens_from_its_start(monkeypatch):
    with BenchlingServer() as server:
        built = build_worker(settings_of(server), Metrics(""))
        started = {}
        monkeypatch.setattr(worker, "run_in_background", started.__setitem__)
        monkeypatch.setattr(built.credentials, "watch", lambda: None)
        monkeypatch.setattr(built.worker, "start", lambda: None)
        built.start()

        def pause(seconds):
            assert seconds == worker.TOKEN_SECONDS
            raise StopIteration

        monkeypatch.setattr(worker.time, "sleep", pause)
        with pytest.raises(StopIteration):
            started["tokens"]()
        assert len(tokens(server)) == 2
