import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from src import app as module
from src.app import main
from src.server import serve

from .conftest import REGION, SECRET, event_body
from .test_keys import Answer, HTTPServer

ROOT = Path(__file__).parent.parent


def run(environment):
    return subprocess.Popen(
        [sys.executable, "-m", "src.app"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def call(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    result = answer.status, answer.read()
    connection.close()
    return result


def listening_port(process):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if found := re.search(r"Running on http://[\d.]+:(\d+)", line):
            return int(found[1]), lines
    raise AssertionError(lines)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def aws():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.mark.filterwarnings("ignore")
def test_a_signed_event_goes_through_the_real_process_and_nothing_secret_is_logged(
    aws, signer, stranger
):
    credentials = {"AWS_ACCESS_KEY_ID": "emulator", "AWS_SECRET_ACCESS_KEY": "emulator-key"}
    sqs = boto3.client(
        "sqs",
        region_name=REGION,
        endpoint_url=aws,
        aws_access_key_id="emulator",
        aws_secret_access_key="emulator-key",
    )
    url = sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    with HTTPServer(("127.0.0.1", 0), Answer) as jwks:
        jwks.document = json.dumps(signer.keys.export(private_keys=False, as_dict=True)).encode()
        thread = threading.Thread(target=jwks.serve_forever)
        thread.start()
        secret = {**SECRET, "jwks_url": f"http://127.0.0.1:{jwks.server_port}"}
        process = run(
            {
                **credentials,
                "PORT": str(free_port()),
                "AWS_REGION": REGION,
                "AWS_ENDPOINT_URL": aws,
                "INTAKE_QUEUE_URL": url,
                "PACKAGE_BUCKET": "packages",
                "STOP_TIMEOUT_SECONDS": "10",
                "BENCHLING_SECRET": json.dumps(secret),
            }
        )
        try:
            port, lines = listening_port(process)
            body = event_body()
            headers = signer.headers(body, "wh_seen")
            assert call(port, "GET", "/health/ready")[0] == 200
            assert call(port, "POST", "/event", body, headers)[0] == 200
            assert call(port, "POST", "/event", body, stranger.headers(body))[0] == 401
            received = sqs.receive_message(QueueUrl=url)["Messages"]
            assert json.loads(received[0]["Body"])["webhook_id"] == "wh_seen"
            process.send_signal(signal.SIGTERM)
            rest, _ = process.communicate(timeout=10)
        finally:
            process.kill()
            jwks.shutdown()
            thread.join(5)
    assert process.returncode == 0
    log = "".join(lines) + rest
    for line in log.splitlines():
        json.loads(line)
    assert '"webhook_id": "wh_seen"' in log
    assert '"entry_id": "etr_1"' in log
    for private in (SECRET["client_secret"], headers["webhook-signature"], "ten_1", "v1der"):
        assert private not in log


def test_wrong_settings_are_told_without_a_trace():
    process = run({"PORT": "none", "LOG_LEVEL": "loud"})
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 2
    assert [line.split()[0] for line in output.splitlines()] == ["PORT", "LOG_LEVEL"]


def test_sigterm_lets_a_request_finish_and_takes_no_more():
    """The server runs here so that its coverage counts; the request is slow."""
    port, entered, answers = free_port(), threading.Event(), []

    def slow(_environ, start_response):
        entered.set()
        time.sleep(1)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]

    def request():
        for _ in range(100):
            try:
                answers.append(call(port, "GET", "/"))
            except ConnectionRefusedError:
                time.sleep(0.05)
            else:
                return

    def stop():
        entered.wait(10)
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    threads = [threading.Thread(target=work) for work in (request, stop)]
    for thread in threads:
        thread.start()
    try:
        serve(slow, port, 10, host="127.0.0.1")
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
    for thread in threads:
        thread.join(10)
    assert answers == [(200, b"done")]
    with pytest.raises(ConnectionRefusedError):
        call(port, "GET", "/")


def test_main_serves_with_the_settings_of_the_environment(monkeypatch, capsys):
    served = []
    monkeypatch.setattr(module, "serve", lambda _, port, timeout: served.append((port, timeout)))
    monkeypatch.setenv("PORT", "5001")
    monkeypatch.setenv("STOP_TIMEOUT_SECONDS", "45")
    monkeypatch.delenv("BENCHLING_SECRET", raising=False)
    assert main() == 0
    assert served == [(5001, 45)]
    assert "BENCHLING_SECRET has no tenant" in capsys.readouterr().out
    monkeypatch.setenv("PORT", "x")
    assert main() == 2
    assert capsys.readouterr().err.startswith("PORT 'x'")
