"""A secret that changes while the service runs: used when it works, reported when it doesn't."""

import io
import json
import sys
import threading
from dataclasses import replace

import pytest
from benchling_sdk.errors import BenchlingError
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from src.runtime import secret_watch as module
from src.runtime.credentials import Credentials
from src.runtime.health import health_app, not_ready
from src.runtime.logs import configure_logs
from src.runtime.secret_watch import (
    CLIENT_CONFIG,
    UNREAD_SECONDS,
    SecretSource,
    SecretVersion,
    SecretWatch,
    source_of,
)
from src.runtime.settings import REQUIRED, SECRET_READ_SECONDS, Settings, read_settings

from .conftest import SECRET
from .emulator import REGION, aws_client

ENVIRONMENT = {
    "PORT": "5000",
    "AWS_REGION": REGION,
    "STACK_NAME": "stack",
    "INTAKE_QUEUE_URL": "https://sqs.example.com/1/intake.fifo",
    "CANVAS_QUEUE_URL": "https://sqs.example.com/1/canvas.fifo",
}
REFUSED = "Benchling answered 401 to client_id and client_secret: copy both"
OLD = json.dumps(SECRET)
PRIVATE = "another-client-secret"
NEW = json.dumps({**SECRET, "client_secret": PRIVATE})


class Store:
    """Secrets Manager, with one secret; an error is raised instead."""

    def __init__(self, text):
        self.text, self.error, self.version = text, None, 1

    def put(self, text):
        self.text, self.version = text, self.version + 1

    def __call__(self):
        if self.error:
            raise self.error
        return SecretVersion(f"version-{self.version}", self.text)


class Service:
    """Records the secrets that it works with; refuses those of a fault."""

    def __init__(self):
        self.began, self.used, self.fault = [], [], ""

    def start(self, settings):
        self.began.append(settings.secret.client_secret)

    def change(self, _former, settings):
        if isinstance(self.fault, Exception):
            raise self.fault
        if not self.fault:
            self.used.append(settings.secret.client_secret)
        return self.fault


class Rig:
    """A watch with a store, a service and a clock that stand still."""

    def __init__(self, text=OLD):
        environment = {**ENVIRONMENT, "BENCHLING_SECRET": text}
        settings = read_settings(environment, REQUIRED)
        self.store, self.service, self.now = Store(text), Service(), 0.0
        source = replace(source_of(settings, environment, REQUIRED), fetch=self.store)
        self.watch = SecretWatch(settings, source, self.service, lambda: self.now)

    def ready(self):
        app = health_app(
            self.watch.settings,
            lambda: not_ready(self.watch.settings(), list),
            self.watch.warnings,
        )
        client = app.test_client()
        assert client.get("/health").status_code == 200
        response = client.get("/health/ready")
        return response.status_code, response.json.get("reasons", [])


@pytest.fixture
def output(monkeypatch):
    """What is written to standard output."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stdout", written)
    configure_logs("INFO")
    return written


@pytest.fixture
def lines(output):
    """Return the lines of an event so far."""

    def read(event):
        found = [json.loads(line) for line in output.getvalue().splitlines()]
        return [it for it in found if it["event"] == event]

    return read


def test_the_secret_of_the_start_changes_nothing():
    rig = Rig()
    rig.watch.check()
    assert (rig.service.began, rig.service.used) == ([], [])
    assert rig.ready() == (200, [])


def test_a_changed_secret_is_used_once_and_its_version_logged(lines):
    rig = Rig()
    rig.store.put(NEW)
    rig.watch.check()
    rig.watch.check()
    assert rig.service.used == [PRIVATE]
    assert rig.watch.settings().secret.client_secret == PRIVATE
    assert rig.ready() == (200, [])
    assert [it["version"] for it in lines("secret.changed")] == ["version-2"]


def test_the_new_level_and_workflow_are_in_force(lines):
    rig = Rig()
    rig.store.put(json.dumps({**SECRET, "log_level": "ERROR", "workflow": "beta"}))
    rig.watch.check()
    assert rig.watch.settings().workflow == "beta"
    # Below the level that the secret has now.
    assert lines("secret.changed") == []


BAD = {
    "": "it has no tenant: add it to the secret",
    "{": "it is not JSON (line 1, column 2",
    "[]": "it is not a JSON object",
    "\ufeff{}": "it begins with a byte order mark",
    json.dumps({**SECRET, "client_id": ""}): "it has no client_id",
    json.dumps({**SECRET, "client_secret": "two words"}): "client_secret has a space",
    json.dumps({**SECRET, "tenant": 7}): "tenant is not text",
    json.dumps({**SECRET, "base_url": "ftp://x"}): "base_url is no address to use",
    json.dumps({**SECRET, "log_level": "LOUD"}): "log_level is no level",
    NEW[:-1] + ', "tenant": "b"}': "it has tenant more than once",
    None: "it is binary",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_value_leaves_the_last_good_one_and_is_told_once(lines, text):
    rig = Rig()
    rig.store.put(text)
    for _ in range(3):
        rig.watch.check()
    assert rig.service.used == []
    assert rig.watch.settings().secret.client_secret == SECRET["client_secret"]
    status, (reason,) = rig.ready()
    assert status == 200
    assert reason.startswith("BENCHLING_SECRET: the new value in Secrets Manager is not used: ")
    assert reason.endswith("; the former one still is")
    assert BAD[text] in reason
    (line,) = lines("secret.refused")
    assert (line["level"], line["version"]) == ("error", "version-2")
    assert BAD[text] in line["reason"]


def test_a_value_that_benchling_refuses_is_used_once_it_is_taken():
    rig = Rig()
    rig.store.put(NEW)
    rig.service.fault = REFUSED
    rig.watch.check()
    assert rig.watch.settings().secret.client_secret == SECRET["client_secret"]
    assert REFUSED in rig.ready()[1][0]
    rig.service.fault = ""
    rig.watch.check()
    assert rig.service.used == [PRIVATE]
    assert rig.ready() == (200, [])


def test_a_new_fault_and_a_new_version_are_logged_and_the_way_back_ends_it(lines):
    rig = Rig()
    for text in ("{", "[]", "[]"):
        rig.store.put(text)
        rig.watch.check()
        rig.watch.check()
    rig.store.put(OLD)
    rig.watch.check()
    assert rig.ready() == (200, [])
    assert [it["version"] for it in lines("secret.refused")] == [f"version-{n}" for n in (2, 3, 4)]


def test_a_fault_that_nobody_foresaw_leaves_the_last_good_one(lines):
    rig = Rig()
    rig.store.put(NEW)
    rig.service.fault = RuntimeError(PRIVATE)
    rig.watch.check()
    rig.watch.check()
    assert "RuntimeError" in rig.ready()[1][0]
    assert rig.watch.settings().secret.client_secret == SECRET["client_secret"]
    (line,) = lines("secret.refused")
    assert line["exception"][0]["exc_type"] == "RuntimeError"


@given(st.text() | st.from_regex(r'\{"tenant": ".*"', fullmatch=True) | st.none())
def test_no_text_takes_a_healthy_task_down(text):
    rig = Rig()
    rig.service.fault = REFUSED
    rig.store.put(text)
    rig.watch.check()
    assert rig.watch.settings().secret.client_secret == SECRET["client_secret"]
    status, reasons = rig.ready()
    assert (status, bool(reasons)) == (200, True)


def test_a_start_without_a_usable_secret_ends_when_it_is_mended(lines):
    rig = Rig("{}")
    rig.store.put('{"tenant": "acme"}')
    rig.watch.check()
    status, reasons = rig.ready()
    assert status == 503
    # Those of the value that is there now.
    assert not any("has no tenant" in it for it in reasons)
    assert lines("secret.changed") == []
    rig.store.put(NEW)
    rig.watch.check()
    assert (rig.service.began, rig.service.used) == ([PRIVATE], [])
    assert rig.ready() == (200, [])


DENIED = ClientError(
    {"Error": {"Code": "AccessDeniedException", "Message": "arn and role"}}, "GetSecretValue"
)
AWAY = EndpointConnectionError(endpoint_url="https://secretsmanager.example.com")


@pytest.mark.parametrize(
    ("error", "said"), [(DENIED, "AccessDeniedException"), (AWAY, "EndpointConnectionError")]
)
def test_a_store_that_is_away_is_logged_at_once_and_a_warning_later(lines, error, said):
    rig = Rig()
    rig.store.error = error
    for rig.now in (1.0, UNREAD_SECONDS - 1):
        rig.watch.check()
        assert rig.ready() == (200, [])
    rig.now = UNREAD_SECONDS
    rig.watch.check()
    status, (reason,) = rig.ready()
    assert status == 200
    assert f"could not be read for 15 minutes ({said})" in reason
    assert "secretsmanager:GetSecretValue" in reason
    (line,) = lines("secret.read_failed")
    assert (line["level"], line["reason"]) == ("warning", said)
    rig.store.error = None
    rig.watch.check()
    assert rig.ready() == (200, [])


def metrics_of(capsys):
    lines = capsys.readouterr().out.splitlines()
    return [json.loads(line) for line in lines if "_aws" in line]


def test_the_metric_is_one_while_the_store_has_what_is_not_used(capsys, lines):
    rig = Rig()
    rig.watch.check()
    rig.store.put("{")
    rig.watch.check()
    rig.store.error = AWAY
    rig.watch.check()
    rig.store.error = None
    rig.store.put(NEW)
    rig.watch.check()
    metrics = metrics_of(capsys)
    assert [it["SecretNotUsed"] for it in metrics] == [0, 1, 1, 0]
    assert metrics[0]["Stack"] == "stack"
    assert len(lines("secret.refused")) == 1


def test_nothing_of_a_value_is_shown(output, capsys):
    rig = Rig()
    values = [
        NEW,
        json.dumps({**SECRET, "client_secret": f"{PRIVATE} x"}),
        json.dumps({**SECRET, "tenant": PRIVATE, "client_secret": PRIVATE}),
        f'{{"client_secret": "{PRIVATE}"',
    ]
    shown = [repr(SecretVersion("v", NEW)), repr(SecretSource(NEW, rig.store, Settings))]
    for text in values:
        rig.store.put(text)
        rig.watch.check()
        client = health_app(rig.watch.settings, list, rig.watch.warnings).test_client()
        shown += [client.get("/config").text, client.get("/health/ready").text]
    assert "secret.refused" in output.getvalue()
    assert PRIVATE not in "".join([*shown, output.getvalue(), capsys.readouterr().out])


def test_a_change_is_noticed_within_two_minutes(monkeypatch):
    pauses = []

    class EndedError(Exception):
        pass

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) > 200:
            raise EndedError

    monkeypatch.setattr(module.time, "sleep", sleep)
    rig = Rig()
    with pytest.raises(EndedError):
        rig.watch._watch()
    assert len(set(pauses)) > 100
    assert min(pauses) >= module.LEAST_PART * SECRET_READ_SECONDS
    attempts = CLIENT_CONFIG.retries["total_max_attempts"]
    reading = attempts * (CLIENT_CONFIG.connect_timeout + CLIENT_CONFIG.read_timeout)
    # And twice the ten seconds that a token and the keys may take.
    assert max(pauses) + reading + 20 < 120
    # The most that the setting takes.
    assert 60 + reading + 20 < 120


def test_without_an_arn_nothing_is_read(monkeypatch):
    begun = []
    monkeypatch.setattr(module, "run_in_background", lambda name, _: begun.append(name))
    rig = Rig()
    rig.watch.watch()
    assert begun == []
    arn = "arn:aws:secretsmanager:us-east-1:1:secret:s"
    settings = replace(rig.watch.settings(), secret_arn=arn)
    source = SecretSource(OLD, rig.store, Settings)
    SecretWatch(settings, source, rig.service).watch()
    assert begun == ["secret"]


def test_the_current_value_is_read_of_secrets_manager():
    with mock_aws():
        client = aws_client("secretsmanager")
        arn = client.create_secret(Name="benchling", SecretString=OLD)["ARN"]
        environment = {**ENVIRONMENT, "BENCHLING_SECRET": OLD, "BENCHLING_SECRET_ARN": arn}
        settings = read_settings(environment, REQUIRED)
        source = source_of(settings, environment, REQUIRED)
        assert source.fetch().text == source.text == OLD
        put = client.put_secret_value(SecretId=arn, SecretString=NEW)
        assert source.fetch() == SecretVersion(put["VersionId"], NEW)
        assert source.read(NEW).secret.client_secret == PRIVATE
        client.put_secret_value(SecretId=arn, SecretBinary=b"x")
        assert source.fetch().text is None


def test_a_refusal_of_the_former_credentials_does_not_count_against_the_new():
    asked, answer = threading.Event(), threading.Event()

    def former():
        asked.set()
        answer.wait(5)
        error = BenchlingError.__new__(BenchlingError)
        error.status_code = 401
        raise error

    credentials = Credentials(former)
    checking = threading.Thread(target=credentials.check)
    checking.start()
    assert asked.wait(5)
    credentials.use(lambda: None)
    answer.set()
    checking.join(5)
    assert credentials.problem() == ""
