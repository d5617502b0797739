"""Web and worker as they are deployed: two processes, and what they log."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from .benchling_server import FILES, TOKEN, BenchlingServer, entry
from .conftest import REGION, SECRET, TABLE, event_body
from .test_app import call, free_port
from .test_keys import HTTPServer, KeysHandler

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "emulator", "AWS_SECRET_ACCESS_KEY": "emulator-key"}


class Process:
    """A service's process, and every line of its log."""

    def __init__(self, module, environment):
        self.lines = []
        self._running = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self.lines.append(line)
            if "Running on" in line:
                self._running.set()
        self._running.set()

    def wait(self):
        assert self._running.wait(20), self.lines

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(20)
        finally:
            self._process.kill()
            self._reader.join(5)


class World:
    """An AWS, and a Benchling with its API and keys, on ports of this machine."""

    def __init__(self, signer, stack):
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        stack.append(server.stop)
        host, port = server.get_host_and_port()
        self.aws = f"http://{host}:{port}"
        # What another World of this process has left.
        urllib.request.urlopen(f"{self.aws}/moto-api/reset", b"", timeout=10).close()
        self.benchling = BenchlingServer()
        stack.append(self.benchling.server_close)
        stack.append(self.benchling.shutdown)
        jwks = HTTPServer(("127.0.0.1", 0), KeysHandler)
        jwks.document = json.dumps(signer.jwks.export(private_keys=False, as_dict=True)).encode()
        threading.Thread(target=jwks.serve_forever, daemon=True).start()
        stack.append(jwks.server_close)
        stack.append(jwks.shutdown)
        self.jwks = f"http://127.0.0.1:{jwks.server_port}"
        self.client("dynamodb").create_table(**TABLE)
        self.client("s3").create_bucket(Bucket="packages")
        self.queues = {
            name: self.client("sqs").create_queue(
                QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true"}
            )["QueueUrl"]
            for name in ("intake", "canvas", "dead_letters", "packaging", "revisions")
        }

    def client(self, name):
        return boto3.client(
            name,
            region_name=REGION,
            endpoint_url=self.aws,
            aws_access_key_id="emulator",
            aws_secret_access_key="emulator-key",
        )

    def environment(self, port):
        secret = {**SECRET, "jwks_url": self.jwks, "base_url": self.benchling.address}
        return {
            **CREDENTIALS,
            "PORT": str(port),
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.aws,
            "INTAKE_QUEUE_URL": self.queues["intake"],
            "CANVAS_QUEUE_URL": self.queues["canvas"],
            "REVISION_QUEUE_URL": self.queues["revisions"],
            "DEAD_LETTER_QUEUE_URL": self.queues["dead_letters"],
            "PACKAGING_QUEUE_URL": self.queues["packaging"],
            "CLAIMS_TABLE": "claims",
            "PACKAGE_BUCKET": "packages",
            "STOP_TIMEOUT_SECONDS": "10",
            "LOG_LEVEL": "DEBUG",
            "BENCHLING_SECRET": json.dumps(secret),
        }


@pytest.fixture
def world(signer):
    stack = []
    yield World(signer, stack)
    while stack:
        stack.pop()()


@pytest.mark.filterwarnings("ignore")
def test_an_event_goes_through_both_and_nothing_secret_is_logged(world, signer, stranger):
    port = free_port()
    world.benchling.entries["etr_1"] = entry("etr_1")
    world.benchling.canvases["cnvs_1"] = "etr_1"
    web = Process("src.app", world.environment(port))
    worker = Process("src.worker", world.environment(free_port()))
    try:
        web.wait()
        worker.wait()
        body = event_body(note="what the scientist wrote")
        headers = signer.headers(body, "wh_seen")
        press = event_body(
            "v2.canvas.userInteracted", canvasId="cnvs_1", buttonId="update-package:etr_1"
        )
        _until(lambda: call(port, "GET", "/health/ready")[0] == 200)
        assert call(port, "POST", "/event", body, headers)[0] == 200
        assert call(port, "POST", "/event", body, stranger.headers(body))[0] == 401
        status, response = call(port, "POST", "/canvas", press, signer.headers(press, "wh_pressed"))
        assert (status, json.loads(response)["status"]) == (200, "accepted")
        _until(lambda: any("handed to Quilt" in str(it["blocks"]) for it in world.benchling.drawn))
    finally:
        statuses = [process.stop() for process in (web, worker)]
    assert statuses == [0, 0]
    stored = world.client("s3").get_object(Bucket="packages", Key="benchling/EXP1/data/table.csv")
    assert stored["Body"].read() == FILES["data/table.csv"]
    for process in (web, worker):
        log = [json.loads(line) for line in process.lines]
        for webhook_id in ("wh_seen", "wh_pressed"):
            about = [line for line in log if line.get("webhook_id") == webhook_id]
            assert any(line.get("entry_id") == "etr_1" for line in about)
    everything = "".join(web.lines + worker.lines)
    secrets = [SECRET["client_secret"], SECRET["client_id"], TOKEN, "sig=secret", "emulator-key"]
    bodies = ["what the scientist wrote", "ten_1", "Buffer test"]
    for private in [headers["webhook-signature"], "v1der", *secrets, *bodies]:
        assert private not in everything
    assert not re.search(r"[Bb]earer", everything)


def _until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
