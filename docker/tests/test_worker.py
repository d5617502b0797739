"""The worker's process: its threads, its health, its stop."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

from src import handlers
from src.queues import threads as module
from src.queues.threads import Worker
from src.runtime.metrics import Metrics
from src.runtime.settings import WORKER_REQUIRED, read_settings
from src.worker import build_worker, main

from .conftest import SECRET
from .test_app import ROOT

pytestmark = pytest.mark.slow

ENVIRONMENT = {
    "PORT": "5000",
    "AWS_REGION": "us-east-1",
    **{name: "http://127.0.0.1:9/q.fifo" for name in WORKER_REQUIRED if name.endswith("_URL")},
    "CLAIMS_TABLE": "claims",
    "PACKAGE_BUCKET": "packages",
}


class Busy:
    """A consumer that takes what it must, and counts its polls."""

    def __init__(self, seconds=0.0, error=None):
        self.seconds, self.error, self.calls = seconds, error, 0
        self.give_back = threading.Event()

    def poll(self, stopping):
        self.calls += 1
        if self.error:
            raise self.error
        self.give_back.wait(self.seconds) if self.seconds else stopping.wait(0.01)


def test_a_stop_lets_work_finish():
    busy = Busy(seconds=0.2)
    worker = Worker([busy, busy], busy.give_back)
    worker.start()
    time.sleep(0.05)
    assert worker.stop(2)
    assert busy.calls == 2


def test_a_stop_has_what_takes_too_long_given_back():
    busy = Busy(seconds=60)
    worker = Worker([busy], busy.give_back)
    worker.start()
    began = time.monotonic()
    assert worker.stop(0.4)
    assert time.monotonic() - began < 2


def test_a_thread_outlives_faults(monkeypatch):
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.001)
    busy = Busy(error=RuntimeError("x"))
    worker = Worker([busy], busy.give_back)
    worker.start()
    time.sleep(0.1)
    worker.stop(2)
    assert busy.calls > 2


def test_the_parts_fit_together():
    built = build_worker(read_settings(ENVIRONMENT, WORKER_REQUIRED), Metrics(""))
    assert "not asked" in built.credentials.problem()
    assert built.claims


def test_no_client_of_aws_builds_its_user_agent_for_each_request(monkeypatch):
    clients = []

    class Session(handlers.boto3.Session):
        def client(self, *arguments, **named):
            clients.append(super().client(*arguments, **named))
            return clients[-1]

    monkeypatch.setattr(handlers.boto3, "Session", Session)
    build_worker(read_settings(ENVIRONMENT, WORKER_REQUIRED), Metrics(""))
    assert {it.meta.service_model.service_name for it in clients} == {"sqs", "s3", "dynamodb"}
    assert all(it.meta.config.user_agent.startswith(handlers.USER_AGENT) for it in clients)


def test_what_the_worker_needs_is_named():
    settings = read_settings({"PORT": "5000"}, WORKER_REQUIRED)
    for name in WORKER_REQUIRED:
        assert any(problem.startswith(name) for problem in settings.problems)


def test_a_setting_that_cannot_be_meant_ends_the_process(monkeypatch, capsys):
    monkeypatch.setattr(os, "environ", {"PORT": "5000", "LEASE_SECONDS": "0"})
    assert main() == 2
    assert "LEASE_SECONDS '0'" in capsys.readouterr().err


@pytest.mark.parametrize("whole", [True, False])
def test_the_process_is_healthy_and_stops_on_sigterm(whole):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    secret = json.dumps({**SECRET, "base_url": "http://127.0.0.1:9"})
    environment = {
        **os.environ,
        **ENVIRONMENT,
        "PORT": str(port),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "STOP_TIMEOUT_SECONDS": "20",
        "BENCHLING_SECRET": secret if whole else "",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "src.worker"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert _answers(f"http://127.0.0.1:{port}/health")
        process.send_signal(signal.SIGTERM)
        assert process.wait(25) == 0
        assert "Running on" in process.stdout.read()
    finally:
        process.kill()
        process.communicate()


def _answers(address):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=2) as response:
                return response.status == 200
        except OSError:
            time.sleep(0.1)
    return False
