"""Keys made for the run, and what signs with them."""

import base64
import json
import time
from collections.abc import Iterator
from functools import cache

import boto3
import pytest
import structlog
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient
from jwcrypto.jwk import JWK, JWKSet
from moto import mock_aws

from src.canvas import Canvas, Catalog
from src.entries import Entries
from src.intake import Intake
from src.keys import KeyProvider
from src.settings import Settings
from src.web import create_app

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

    @property
    def keys(self) -> JWKSet:
        keys = JWKSet()
        keys.add(JWK.from_pyca(self._key.public_key()))
        return keys

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
    return json.dumps(
        {
            "version": "0",
            "tenantId": "ten_1",
            "app": {"id": "app_1"},
            "appDefinition": {"id": "appdef_1"},
            "channel": "events",
            "message": {"type": kind, "resourceId": "etr_1", **message},
        }
    ).encode()


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


@cache
def aws_client(name: str) -> object:
    """A client of an emulated service; to make one takes longer than most tests."""
    return boto3.client(
        name, REGION, aws_access_key_id="for-the-emulator", aws_secret_access_key="for-the-emulator"
    )


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
def canvas(queue: object) -> Canvas:  # noqa: ARG001 - the queue's AWS
    """A canvas over an empty table and an empty bucket."""
    dynamodb, s3 = aws_client("dynamodb"), aws_client("s3")
    dynamodb.create_table(**TABLE)
    s3.create_bucket(Bucket="packages")
    return Canvas(Entries(dynamodb, "claims"), s3, Catalog("packages", "quilt.example.com"))


@pytest.fixture
def client(queue: tuple[object, str], signer: Signer, canvas: Canvas) -> FlaskClient:
    """A client of the app, set up and with a queue."""
    sqs, url = queue
    settings = Settings(
        port=5000, intake_queue_url=url, client_secret="s", app_definition_id="appdef_1"
    )
    app = create_app(settings, KeyProvider(lambda: signer.keys), Intake(sqs, url), canvas)
    return app.test_client()
