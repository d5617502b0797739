import json

import pytest

from src.settings import SettingsError, read_settings

from .conftest import SECRET

ENVIRONMENT = {
    "PORT": "5000",
    "AWS_REGION": "eu-west-1",
    "INTAKE_QUEUE_URL": "http://127.0.0.1/q.fifo",
    "PACKAGE_BUCKET": "packages",
    "CLAIMS_TABLE": "claims",
    "BENCHLING_SECRET": json.dumps(SECRET),
}


def test_everything_set_is_ready():
    settings = read_settings(ENVIRONMENT)
    assert settings.problems == ()
    assert settings.base_url == "https://acme.benchling.com"
    assert (settings.package_prefix, settings.log_level) == ("benchling", "INFO")
    assert settings.stop_timeout_seconds == 30


def test_the_secret_overrides_the_environment():
    secret = {**SECRET, "log_level": "debug", "package_prefix": "lab", "base_url": "http://b"}
    settings = read_settings({**ENVIRONMENT, "BENCHLING_SECRET": json.dumps(secret)})
    assert settings.log_level == "DEBUG"
    assert (settings.package_prefix, settings.base_url) == ("lab", "http://b")


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
    for name in ("AWS_REGION", "INTAKE_QUEUE_URL", "PACKAGE_BUCKET"):
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
