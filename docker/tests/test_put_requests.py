"""S3's PutObject by the fast way: the same requests as botocore's own, but for Expect."""

import uuid
from datetime import UTC, datetime, timedelta

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import (
    ParamValidationError,
)

from src.store.fast_put import use_fast_put

BUCKET = "packages"
CONFIG = Config(
    connect_timeout=2,
    read_timeout=1,
    retries={"total_max_attempts": 3, "mode": "standard"},
    user_agent="benchling-webhook Boto3/0",
)
KEYS = (
    "benchling/EXP1/a.txt",
    "ä ö/ß 文件 🧪.csv",
    "a+b c%20d%/é.png",
    "a/../b/./c//d/...",
    "/leading",
    "trailing/",
    "~tilde-_.!*'();:@&=$,?#[]\"<>\\^`{|}",
    "x" * 900,
)
LABELS = {"benchling-entry": "etr_1  a", "benchling-export": "+ %41"}
CONDITIONS = ({"IfNoneMatch": "*"}, {"IfMatch": '"0123"'}, {})
ENDPOINTS = (None, "http://127.0.0.1:4566", "https://s3.example.com:443/base/")


def arguments(key="a.txt", body=b"content", labels=LABELS, **more):
    described = {"ContentType": "text/plain", "Metadata": labels, "ChecksumCRC32": "AAAAAA=="}
    return {"Bucket": BUCKET, "Key": key, "Body": body, **described, **more}


def client_of(endpoint=None, token=None, config=CONFIG, session=None):
    session = session or boto3.Session("AKIA" + "X" * 16, "secret", token, "eu-west-1")
    return session.client("s3", endpoint_url=endpoint, config=config)


@pytest.fixture
def frozen(monkeypatch):
    """Requests that are made twice at the same moment, by the same numbers."""
    moment = datetime(2026, 11, 26, 12, 30, 45, tzinfo=UTC)
    for module in ("botocore.auth", "src.store.put_requests"):
        monkeypatch.setattr(f"{module}.get_current_datetime", lambda: moment)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=1))


class Raw:
    def stream(self):
        return iter(())


class Recorder:
    """Takes a client's requests; only botocore's own have a context."""

    def __init__(self, client):
        self.asked, self.fast = [], []
        client.meta.events.register("before-send", self.take)

    def take(self, request, **_):
        # In their order, and as they are on the wire.
        headers = [
            (name, value if isinstance(value, bytes) else value.encode())
            for name, value in request.headers.items()
            if name != "Expect" or not request.context
        ]
        self.asked.append((request.method, request.url, headers, request.body.read()))
        self.fast.append(not request.context)
        return AWSResponse(request.url, 200, {"ETag": '"e"'}, Raw())


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("token", [None, "a/token=="])
@pytest.mark.usefixtures("frozen")
def test_a_fast_request_is_botocores_byte_for_byte_without_expect(endpoint, token):
    whole, fast = (client_of(endpoint, token) for _ in range(2))
    use_fast_put(fast)
    of_whole, of_fast = Recorder(whole), Recorder(fast)
    fast.put_object(**arguments("first", b"first", {"other": "label"}))
    cases = [(key, condition, b"content") for key in KEYS for condition in CONDITIONS]
    for key, condition, body in [*cases, ("a", {}, b""), ("a", {}, bytes(300_000))]:
        asked = arguments(key, body, **condition)
        assert fast.put_object(**asked) == {"ETag": '"e"'}
        assert whole.put_object(**asked)["ETag"] == '"e"'
    assert of_fast.fast == [False] + [True] * (len(cases) + 2)
    assert of_fast.asked[1:] == of_whole.asked
    # What is compared has a signature.
    assert all(
        b"Signature=" in dict(headers)["Authorization"] for _, _, headers, _ in of_fast.asked
    )


@pytest.mark.parametrize("change", [{"Metadata": {"benchling-entry": "ä"}}, {"Key": ""}])
def test_what_botocore_refuses_is_refused_alike(change):
    clients = client_of(), client_of()
    use_fast_put(clients[1])
    texts = []
    for client in clients:
        recorder = Recorder(client)
        client.put_object(**arguments())
        with pytest.raises(ParamValidationError) as raised:
            client.put_object(**{**arguments(), **change})
        texts.append(str(raised.value))
        assert len(recorder.asked) == 1
    assert texts[0] == texts[1]


def test_a_call_with_other_parameters_is_botocores_own():
    client = client_of()
    use_fast_put(client)
    recorder = Recorder(client)
    client.put_object(**arguments())
    client.put_object(**arguments(StorageClass="STANDARD_IA"))
    without_checksum = arguments()
    del without_checksum["ChecksumCRC32"]
    client.put_object(**without_checksum)
    assert recorder.fast == [False, False, False]


def test_credentials_are_refreshed_as_botocore_does():
    made = []

    def fetched():
        made.append(f"token-{len(made)}")
        # Soon enough to be refreshed at the next request.
        expires = datetime.now(UTC) + timedelta(seconds=30)
        return {
            "access_key": "AKIA",
            "secret_key": "s",
            "token": made[-1],
            "expiry_time": expires.isoformat(),
        }

    core = botocore.session.get_session()
    core._credentials = RefreshableCredentials.create_from_metadata(fetched(), fetched, "test")
    client = client_of(session=boto3.Session(botocore_session=core, region_name="eu-west-1"))
    use_fast_put(client)
    recorder = Recorder(client)
    for _ in range(3):
        client.put_object(**arguments())
    tokens = [dict(headers)["X-Amz-Security-Token"].decode() for _, _, headers, _ in recorder.asked]
    assert recorder.fast == [False, True, True]
    assert len(set(tokens)) == 3
    assert set(tokens) <= set(made)
