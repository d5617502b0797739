import json

import pytest

from src.settings import SettingsError, read_settings

from .conftest import SECRET

ENVIRONMENT = {
    "PORT": "5000",
    "AWS_REGION": "eu-west-1",
    "INTAKE_QUEUE_URL": "http://127.0.0.1/q.fifo",
    "CANVAS_QUEUE_URL": "http://127.0.0.1/c.fifo",
    "PACKAGE_BUCKET": "packages",
    "BENCHLING_SECRET": json.dumps(SECRET),
}


def test_everything_set_is_ready():
    settings = read_settings(ENVIRONMENT)
    assert settings.problems == ()
    assert settings.base_url == "https://acme.benchling.com"
    assert (settings.package_prefix, settings.log_level) == ("benchling", "INFO")
    assert settings.stop_timeout_seconds == 30


def test_the_secret_overrides_the_environment():
    secret = {**SECRET, "log_level": "debug", "base_url": "http://b"}
    settings = read_settings({**ENVIRONMENT, "BENCHLING_SECRET": json.dumps(secret)})
    assert settings.log_level == "DEBUG"
    assert settings.base_url == "http://b"


@pytest.mark.parametrize(
    "tenant",
    [
        "acme",
        " acme ",
        "ACME",
        "acme.benchling.com",
        "https://acme.benchling.com",
        "https://acme.benchling.com/",
        "http://Acme.Benchling.com/acme/f/lib_1?x=y#z",
        "acme.benchling.com.",
        "https://acme.benchling.com:443/",
    ],
)
def test_a_tenant_is_taken_as_people_write_it(tenant):
    secret = json.dumps({**SECRET, "tenant": tenant})
    settings = read_settings({**ENVIRONMENT, "BENCHLING_SECRET": secret})
    assert settings.problems == ()
    assert (settings.tenant, settings.base_url) == ("acme", "https://acme.benchling.com")


@pytest.mark.parametrize(
    "tenant",
    ["a b", "https://", "acme.example.com", "-acme", "a/../b.", "benchling.com", "é", "x" * 64],
)
def test_a_tenant_that_cannot_be_meant_is_refused(tenant):
    secret = json.dumps({**SECRET, "tenant": tenant})
    (problem,) = read_settings({**ENVIRONMENT, "BENCHLING_SECRET": secret}).problems
    assert "tenant is no tenant: write what stands before .benchling.com" in problem


def test_the_stack_alone_decides_the_prefix():
    def problems(**more):
        secret = json.dumps({**SECRET, **more})
        return read_settings({**ENVIRONMENT, "BENCHLING_SECRET": secret}).problems

    assert problems(package_prefix="benchling") == ()
    (problem,) = problems(package_prefix="lab")
    assert "set packagePrefix in cdk.json" in problem


def test_the_workflow_is_the_registrys_none_or_named():
    assert read_settings(ENVIRONMENT).workflow is None
    assert read_settings({**ENVIRONMENT, "QUILT_WORKFLOW": ""}).workflow == ""
    assert read_settings({**ENVIRONMENT, "QUILT_WORKFLOW": "alpha"}).workflow == "alpha"


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        ("{}", "BENCHLING_SECRET has no tenant"),
        ("", "BENCHLING_SECRET has no client_secret"),
        ("{", "BENCHLING_SECRET is not JSON"),
        ("[]", "BENCHLING_SECRET is not a JSON object"),
        (json.dumps({**SECRET, "client_id": 7}), "client_id is not text"),
    ],
)
def test_an_unfinished_secret_keeps_the_service_from_being_ready(secret, problem):
    settings = read_settings({**ENVIRONMENT, "BENCHLING_SECRET": secret})
    assert any(problem in found for found in settings.problems)


def test_what_the_stack_would_set_is_missed_by_name():
    problems = read_settings({"PORT": "5000"}).problems
    for name in ("AWS_REGION", "INTAKE_QUEUE_URL", "CANVAS_QUEUE_URL"):
        assert any(found.startswith(f"{name} is not set") for found in problems)


def test_all_wrong_values_are_told_at_once():
    with pytest.raises(SettingsError) as caught:
        read_settings({"PORT": "70000", "LOG_LEVEL": "loud", "STOP_TIMEOUT_SECONDS": "-1"})
    assert str(caught.value).splitlines() == [
        "PORT '70000': not a whole number from 1 to 65535: set one",
        "LOG_LEVEL 'LOUD': no such level: use one of DEBUG, INFO, WARNING, ERROR",
        "STOP_TIMEOUT_SECONDS '-1': not a whole number from 2 to 120: set one",
    ]


def test_a_wrong_level_in_the_secret_is_not_fatal_and_not_shown():
    secret = json.dumps({**SECRET, "log_level": "private"})
    settings = read_settings({**ENVIRONMENT, "BENCHLING_SECRET": secret})
    assert settings.log_level == "INFO"
    assert settings.problems == (
        "BENCHLING_SECRET: log_level is no level: use one of DEBUG, INFO, WARNING, ERROR",
    )


def test_secrets_are_masked():
    settings = read_settings(ENVIRONMENT)
    shown = json.dumps(settings.masked()) + repr(settings)
    assert SECRET["client_secret"] not in shown
    assert settings.masked()["client_id"] == "***"
