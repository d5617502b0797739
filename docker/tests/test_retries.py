"""How often calls are made again: of AWS by its own clients, of Benchling by the transport."""

from itertools import count

import httpx
import pytest
from botocore.config import Config

from src.export.retry_transport import RetryTransport
from src.runtime.aws_clients import aws_client
from src.runtime.metrics import Metrics
from src.runtime.retries import count_retries

from .http_server import server

CONFIG = Config(retries={"total_max_attempts": 3, "mode": "standard"})


class Counted(Metrics):
    """Metrics that keep what is counted."""

    def __init__(self):
        super().__init__("stack")
        self.counted = []

    def count(self, name):
        self.counted.append(name)


@pytest.mark.parametrize(("refused", "retries"), [(0, 0), (1, 1), (2, 2), (3, 2)])
def test_each_attempt_but_the_first_is_a_retry(monkeypatch, refused, retries):
    monkeypatch.setattr("time.sleep", lambda _: None)
    calls, metrics = count(), Counted()
    with server(lambda _: (503 if next(calls) < refused else 200, {})) as (url, asked):
        for name, value in (
            ("AWS_ENDPOINT_URL", url),
            ("AWS_ACCESS_KEY_ID", "AKIA" + "X" * 16),
            ("AWS_SECRET_ACCESS_KEY", "x"),
        ):
            monkeypatch.setenv(name, value)
        client = aws_client("sqs", "eu-west-1", CONFIG)
        count_retries(client, "SQSRetries", metrics)
        try:
            client.send_message(QueueUrl=f"{url}/queue", MessageBody="x")
        except client.exceptions.ClientError:
            assert refused == 3
    assert metrics.counted == ["SQSRetries"] * retries
    assert len(asked) == retries + 1


def test_what_benchling_is_asked_again_is_counted():
    statuses, retried = iter([429, 502, 200]), []
    transport = RetryTransport(
        httpx.MockTransport(lambda _: httpx.Response(next(statuses))),
        lambda _: False,
        retried=lambda: retried.append(1),
    )
    with httpx.Client(transport=transport) as client:
        assert client.get("http://127.0.0.1/").status_code == 200
    assert len(retried) == 2
