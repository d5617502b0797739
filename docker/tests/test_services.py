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
from functools import cache
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from .benchling_server import FILES, TOKEN, BenchlingServer, entry
from .conftest import SECRET, event_body
from .emulator import REGION, TABLE
from .test_app import call, free_port
from .test_keys import HTTPServer, KeysHandler
from .xray_server import by_operation, xray_server

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


@cache
def _session():
    return boto3.Session()


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
        sqs = self.client("sqs")
        self.queues = {
            name: sqs.create_queue(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true"})[
                "QueueUrl"
            ]
            for name in ("intake", "canvas", "dead_letters", "packaging", "revisions")
        }

    def client(self, name):
        return _session().client(
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
def test_an_event_goes_through_both_with_one_trace_and_nothing_secret_is_logged(
    world, signer, stranger
):
    port = free_port()
    world.benchling.entries["etr_1"] = entry("etr_1")
    world.benchling.canvases["cnvs_1"] = "etr_1"
    with xray_server() as (url, documents):
        tracing = {"TRACING": "true", "AWS_ENDPOINT_URL_XRAY": url, "STACK_NAME": "Stack"}
        web, worker = (
            Process(f"src.{module}", {**world.environment(at), **tracing, "SERVICE_NAME": name})
            for module, at, name in (("app", port, "web"), ("worker", free_port(), "worker"))
        )
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
            _until(lambda: "event.completed" in "".join(worker.lines))
            pressed = signer.headers(press, "wh_pressed")
            status, response = call(port, "POST", "/canvas", press, pressed)
            assert (status, json.loads(response)["status"]) == (200, "accepted")
            _until(lambda: "handed to Quilt" in str(world.benchling.drawn))
        finally:
            statuses = [process.stop() for process in (web, worker)]
        exported = documents()
    assert statuses == [0, 0]
    stored = world.client("s3").get_object(Bucket="packages", Key="benchling/EXP1/data/table.csv")
    assert stored["Body"].read() == FILES["data/table.csv"]
    logs = [[json.loads(line) for line in process.lines] for process in (web, worker)]
    for log in logs:
        for webhook_id in ("wh_seen", "wh_pressed"):
            about = [line for line in log if line.get("webhook_id") == webhook_id]
            assert any(line.get("entry_id") == "etr_1" for line in about)
    _one_trace(exported, logs)
    everything = "".join(web.lines + worker.lines)
    secrets = [SECRET["client_secret"], SECRET["client_id"], TOKEN, "sig=secret", "emulator-key"]
    bodies = ["what the scientist wrote", "ten_1", "Buffer test"]
    for private in [headers["webhook-signature"], "v1der", *secrets, *bodies]:
        assert private not in everything
    assert not re.search(r"[Bb]earer", everything)


def _one_trace(exported, logs):
    """Web and worker exported one trace of the event before they ended, and both log its ID."""
    assert {it["name"] for it in exported if "origin" in it} == {"Stack/web", "Stack/worker"}
    trace_ids = [
        {it.get("trace_id") for it in log if it.get("webhook_id") == "wh_seen"} for log in logs
    ]
    ((trace_id,),) = {tuple(ids) for ids in trace_ids}
    logged = {line["trace_id"] for log in logs for line in log if "trace_id" in line}
    assert {it["trace_id"] for it in exported} == logged
    spans = by_operation(it for it in exported if it["trace_id"] == trace_id)
    assert spans["process intake.fifo"]["parent_id"] == spans["send intake.fifo"]["id"]


ROTATED = "rotated-secret-that-stays-here"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("begins_with", ["the secret", "an empty secret"])
def test_a_changed_secret_is_used_without_a_restart(world, signer, begins_with):
    port, worker_port = free_port(), free_port()
    first = world.environment(port)["BENCHLING_SECRET"]
    store = world.client("secretsmanager")
    began = first if begins_with == "the secret" else "{}"
    arn = store.create_secret(Name="benchling", SecretString=began)["ARN"]
    rotation = {
        "BENCHLING_SECRET": began,
        "BENCHLING_SECRET_ARN": arn,
        "SECRET_READ_SECONDS": "1",
        "EXPORT_INTERVAL_SECONDS": "0",
    }
    for number in (1, 2, 3):
        world.benchling.entries[f"etr_{number}"] = entry(f"etr_{number}", f"EXP{number}")
    web = Process("src.app", {**world.environment(port), **rotation})
    worker = Process("src.worker", {**world.environment(worker_port), **rotation})

    def ready(at):
        status, body = call(at, "GET", "/health/ready")
        return status, "".join(json.loads(body).get("reasons", []))

    def export(number):
        body = event_body(resourceId=f"etr_{number}")
        headers = signer.headers(body, f"wh_{number}")
        assert call(port, "POST", "/event", body, headers)[0] == 200
        _until(lambda: f"etr_{number}" in world.benchling.exports)

    try:
        web.wait()
        worker.wait()
        if began != first:
            _until(lambda: "has no tenant" in ready(port)[1])
            assert [ready(it)[0] for it in (port, worker_port)] == [503, 503]
            store.put_secret_value(SecretId=arn, SecretString=first)
        _until(lambda: [ready(it) for it in (port, worker_port)] == [(200, "")] * 2)
        export(1)
        store.put_secret_value(SecretId=arn, SecretString=f'{{"client_secret": "{ROTATED}"')
        for it in (port, worker_port):
            _until(lambda it=it: "is not used: it is not JSON" in ready(it)[1])
            assert ready(it)[0] == 200
        export(2)
        world.benchling.client_secret = ROTATED
        rotated = json.dumps({**json.loads(first), "client_secret": ROTATED})
        store.put_secret_value(SecretId=arn, SecretString=rotated)
        _until(lambda: [ready(it) for it in (port, worker_port)] == [(200, "")] * 2)
        export(3)
    finally:
        statuses = [process.stop() for process in (web, worker)]
    assert statuses == [0, 0]
    for process in (web, worker):
        events = [json.loads(line)["event"] for line in process.lines]
        assert events.count("secret.changed") == (1 if began == first else 2)
        assert events.count("secret.refused") == 1
    assert ROTATED not in "".join(web.lines + worker.lines)


def _until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
