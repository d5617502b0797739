"""Keys made for the run, and what signs with them."""

import base64
import json
import shutil
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import boto3
import hypothesis
import pytest
import structlog
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.testing import FlaskClient
from jwcrypto.jwk import JWK, JWKSet
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import BaseBackend

from src.runtime.metrics import Metrics
from src.runtime.secret import Secret
from src.runtime.settings import Settings
from src.store.fast_put import use_fast_put
from src.webhook.application import Dependencies, create_app
from src.webhook.intake import Intake
from src.webhook.keys import KeyProvider, verifying_keys

from .benchling_server import BenchlingServer
from .webhooks import webhook

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

_urls_of = BaseBackend.urls.fget


@cache
def _urls(kind: type[BaseBackend], region: str) -> dict[str, object]:
    return _urls_of(kind(region, DEFAULT_ACCOUNT_ID))


# moto makes this table anew for each call of an emulated service.
BaseBackend.urls = property(lambda backend: _urls(type(backend), backend.region_name))

REGION = "us-east-1"
TABLE = {
    "TableName": "claims",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
SECRET = {
    "tenant": "acme",
    "client_id": "client-id-that-stays-here",
    "client_secret": "client-secret-that-stays-here",
    "app_definition_id": "appdef_1",
}


class Signer:
    """Signs as Benchling does, with a key of its own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

        self.jwks = JWKSet()
        self.jwks.add(JWK.from_pyca(self._key.public_key()))
        self.keys = verifying_keys(self.jwks)

    def signature(self, webhook_id: str, timestamp: str, body: bytes) -> str:
        message = f"{webhook_id}.{timestamp}.".encode() + body
        der = self._key.sign(message, ec.ECDSA(hashes.SHA256()))
        return "v1der," + base64.b64encode(der).decode()

    def headers(
        self, body: bytes, webhook_id: str = "wh_1", now: float | None = None
    ) -> dict[str, str]:
        timestamp = str(int(time.time() if now is None else now))
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": self.signature(webhook_id, timestamp, body),
        }


def event_body(kind: str = "v2.entry.updated.fields", **message: object) -> bytes:
    """The least webhook of a type as Benchling describes it; None leaves a value out."""
    return json.dumps(webhook(kind, **message)).encode()


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer()


@pytest.fixture(scope="session")
def stranger() -> Signer:
    return Signer()


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture(autouse=True)
def _as_benchling_describes() -> Iterator[None]:
    """Fail the test in which a stand-in was asked, or answered, as Benchling isn't."""
    BenchlingServer.violations.clear()
    yield
    assert BenchlingServer.violations == []


PRUNER = Path(__file__).parent.parent / "prune_image.py"


@pytest.fixture(scope="session")
def pruned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A copy of the packages that lose most, and what pruning each saved.

    In the image, its own packages, which are pruned.
    """
    if not PRUNER.exists():
        return Path(boto3.__file__).parents[1], {}
    import prune_image  # noqa: PLC0415 - the image has none

    tmp_path = tmp_path_factory.mktemp("packages")
    packages, _, kept = prune_image.loaded(Path(sys.executable), prune_image.service_program())
    for name in ("botocore", prune_image.CLIENT, prune_image.TELEMETRY, "jwcrypto"):
        shutil.copytree(packages / name, tmp_path / name)
    keep = {tmp_path / it.relative_to(packages) for it in kept if packages in it.parents}
    (tmp_path / prune_image.CLIENT / "__pycache__").mkdir(exist_ok=True)
    (tmp_path / prune_image.CLIENT / "__pycache__" / "other.cpython-311.pyc").write_bytes(
        b"x" * 100
    )
    (tmp_path / prune_image.CLIENT / "__pycache__" / "types.cpython-311.opt-1.pyc").write_bytes(
        b"x"
    )
    return tmp_path, prune_image.prune(tmp_path, keep)


@cache
def aws_client(name: str) -> object:
    """A client of an emulated service; to make one takes longer than most tests."""
    client = boto3.client(
        name, REGION, aws_access_key_id="for-the-emulator", aws_secret_access_key="for-the-emulator"
    )
    if name == "s3":
        use_fast_put(client)
    return client


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[object, str]]:
    """A client of a FIFO queue, and the queue's address."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "for-the-emulator")
    with mock_aws():
        client = aws_client("sqs")
        url = client.create_queue(QueueName="intake.fifo", Attributes={"FifoQueue": "true"})
        yield client, url["QueueUrl"]


@pytest.fixture
def canvas_queue(queue: tuple[object, str]) -> str:
    """The address of the queue of what canvases ask for."""
    sqs, _ = queue
    return sqs.create_queue(QueueName="canvas.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]


class Proven:
    """Credentials that have fetched a token."""

    def problem(self) -> str:
        return ""


def app_of(
    settings: Settings,
    keys: KeyProvider,
    queue: tuple[object, str],
    canvases: str = "",
    metrics: Metrics | None = None,
) -> Flask:
    """The app with a queue of its events, which without another takes those of canvases too."""
    sqs, url = queue
    intakes = Intake(sqs, url), Intake(sqs, canvases or url)
    return create_app(lambda: settings, Dependencies(keys, *intakes, Proven()), metrics=metrics)


@pytest.fixture
def client(queue: tuple[object, str], signer: Signer, canvas_queue: str) -> FlaskClient:
    """A client of the app, set up and with its queues."""
    settings = Settings(port=5000, secret=Secret(client_secret="s", app_definition_id="appdef_1"))
    keys = KeyProvider(lambda: signer.keys)
    keys.refresh()
    return app_of(settings, keys, queue, canvas_queue).test_client()


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """The worker's parts on emulated AWS."""
    from .stage import Stage, quick  # noqa: PLC0415

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "for-the-emulator")
    quick(monkeypatch)
    server = BenchlingServer()
    with mock_aws():
        yield Stage(server)
    server.shutdown()
    server.server_close()
