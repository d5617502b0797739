import json

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from src.runtime.front_door import FrontDoor
from src.runtime.logs import configure_logs
from src.runtime.metrics import Metrics

from .http_server import server

# Made for the test: they open nothing.
CREDENTIALS = Credentials("key-of-the-test", "secret-of-the-test", "token-of-the-test")


@pytest.fixture(autouse=True)
def _logs():
    configure_logs("INFO")


def answered(capsys):
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    return [line["FrontDoorAnswered"] for line in lines]


def signature_again(url, headers):
    """Return what botocore signs at the time that the call names."""
    request = AWSRequest("GET", url)
    auth = SigV4Auth(CREDENTIALS, "execute-api", "eu-west-1")
    request.context["timestamp"] = headers["X-Amz-Date"]
    request.headers["X-Amz-Date"] = headers["X-Amz-Date"]
    request.headers["X-Amz-Security-Token"] = CREDENTIALS.token
    return auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)


def test_a_call_through_the_front_door_is_signed_and_counted(capsys):
    with server(lambda _: (200, {"status": "healthy"})) as (url, asked):
        door = FrontDoor(f"{url}/health", "eu-west-1", lambda: CREDENTIALS, Metrics("stack"))
        assert door.probe() == ""
    assert answered(capsys) == [1]
    method, path, headers, _ = asked[0]
    assert (method, path) == ("GET", "/health")
    assert "Credential=key-of-the-test/" in headers["Authorization"]
    assert "/eu-west-1/execute-api/aws4_request" in headers["Authorization"]
    named = headers["Authorization"].rpartition("Signature=")[2]
    assert named == signature_again(f"{url}/health", headers)


def test_failed_probe_is_logged_and_measured(capsys):
    with server(lambda _: (503, {})) as (url, _):
        door = FrontDoor(url, "eu-west-1", lambda: CREDENTIALS, Metrics("stack"))
        assert door.probe() == "status 503"
    assert door.probe() == "ConnectError"
    assert FrontDoor(url, "eu-west-1", lambda: None, Metrics("stack")).probe() == (
        "NoCredentialsError"
    )
    assert answered(capsys) == [0, 0, 0]


def test_no_address_no_probe(capsys):
    FrontDoor("", "eu-west-1", lambda: CREDENTIALS, Metrics("stack")).watch()
    assert capsys.readouterr().out == ""
