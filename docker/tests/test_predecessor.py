"""What people bring from quiltdata's benchling-webhook is taken, or refused by name."""

import json
from pathlib import Path

import pytest

from src.runtime.health import not_ready
from src.runtime.predecessor import SECRET_FIELDS, VARIABLES
from src.runtime.settings import read_settings

from .conftest import SECRET
from .test_settings import ENVIRONMENT as WEB

WORKER = {**WEB, "PACKAGING_QUEUE_URL": "http://127.0.0.1/000000000000/quilt"}
# As its sync-secrets writes it.
FORMER_SECRET = {
    **SECRET,
    "user_bucket": "packages",
    "pkg_prefix": "benchling",
    "log_level": "INFO",
    "webhook_allow_list": "",
    "enable_webhook_verification": "true",
}
# docs/migration.md is written from the same table.
NAMES = json.loads((Path(__file__).parent / "predecessor_names.json").read_text())
PRIVATE = "s3cr3t-value"


def settings_of(secret, environment=WORKER, **more):
    return read_settings({**environment, "BENCHLING_SECRET": json.dumps(secret), **more})


def test_its_secret_is_taken_whole():
    assert settings_of(FORMER_SECRET).problems == ()
    assert settings_of(FORMER_SECRET, WEB).problems == ()


@pytest.mark.parametrize(
    ("field", "here", "text"),
    [
        ("clientId", "client_id", "c"),
        ("clientSecret", "client_secret", PRIVATE),
        ("appDefinitionId", "app_definition_id", "appdef_7"),
        ("api_url", "base_url", "https://lab.example.com"),
        ("logLevel", "log_level", "WARNING"),
        ("workflow", "workflow", "alpha"),
    ],
)
def test_another_spelling_is_taken(field, here, text):
    secret = {name: value for name, value in SECRET.items() if name != here}
    settings = settings_of({**secret, field: text})
    assert settings.problems == ()
    assert getattr(settings.secret, here) == text


def test_two_spellings_that_differ_are_refused():
    settings = settings_of({**SECRET, "clientSecret": PRIVATE})
    assert settings.problems == (
        "BENCHLING_SECRET: clientSecret is not client_secret: leave one of the two",
    )
    assert settings_of({**SECRET, "clientSecret": SECRET["client_secret"]}).problems == ()


def test_a_spelling_that_is_not_text_is_named():
    secret = {name: value for name, value in SECRET.items() if name != "client_id"}
    assert "BENCHLING_SECRET: client_id is not text: quote its value" in (
        settings_of({**secret, "clientId": 7}).problems
    )


@pytest.mark.parametrize(
    ("field", "value", "remedy"),
    [
        ("pkg_prefix", "lab", "set packagePrefix in cdk.json"),
        ("pkgPrefix", 7, "set packagePrefix in cdk.json"),
        ("user_bucket", "others", "set packageBucket in cdk.json"),
        ("queue_url", "https://sqs/1/others", "set packagingQueueArn in cdk.json"),
        ("pkg_key", "experiment_id", "set linkedBy in cdk.json"),
        ("webhook_allow_list", "203.0.113.0/24", "set allowedAddresses in cdk.json"),
        ("enable_webhook_verification", False, "signatures are always verified"),
        ("enable_webhook_verification", "false", "signatures are always verified"),
    ],
)
def test_a_field_that_is_not_taken_is_refused_with_its_remedy(field, value, remedy):
    settings = settings_of({**SECRET, field: value})
    (problem,) = not_ready(settings, list)
    assert problem.startswith(f"BENCHLING_SECRET: {field} ")
    assert remedy in problem
    assert "remove it" in problem
    assert str(value) not in problem or value == "experiment_id"


def test_the_workflow_of_the_secret_is_used_where_the_stack_sets_none():
    assert settings_of({**SECRET, "workflow": "alpha"}).workflow == "alpha"
    assert settings_of({**SECRET, "workflow": ""}).workflow is None
    same = settings_of({**SECRET, "workflow": "alpha"}, QUILT_WORKFLOW="alpha")
    assert (same.workflow, same.problems) == ("alpha", ())
    for stack in ("beta", ""):
        other = settings_of({**SECRET, "workflow": "alpha"}, QUILT_WORKFLOW=stack)
        assert other.workflow == stack
        assert "set workflow in cdk.json" in other.problems[0]
    (problem,) = settings_of({**SECRET, "workflow": PRIVATE + "!"}).problems
    assert PRIVATE not in problem


def test_its_highest_level_is_taken_as_error():
    assert settings_of({**SECRET, "log_level": "CRITICAL"}).log_level == "ERROR"
    assert settings_of(SECRET, LOG_LEVEL="CRITICAL").log_level == "ERROR"


def test_a_tenant_of_several_parts_is_taken_as_a_host():
    secret = settings_of({**SECRET, "tenant": "test.demo.benchling.com"}).secret
    assert secret.base_url == "https://test.demo.benchling.com"
    assert "tenant is no tenant" in settings_of({**SECRET, "tenant": "test.demo"}).problems[0]


def test_its_variables_are_taken():
    environment = {name: WEB[name] for name in WEB if name != "BENCHLING_SECRET"}
    settings = read_settings(
        {
            **environment,
            "QUILT_WEB_HOST": "https://quilt.example.com/",
            "PACKAGER_SQS_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/quilt",
            "PACKAGING_REQUEST_CONCURRENCY": "5",
            "BENCHLING_SECRETS": json.dumps(SECRET),
            "ENABLE_WEBHOOK_VERIFICATION": "true",
            "BENCHLING_TEST_MODE": "",
            "APP_ENV": "production",
        }
    )
    assert settings.problems == ()
    assert settings.quilt_catalog == "quilt.example.com"
    assert settings.packaging_queue_url.endswith("/123456789012/quilt")
    assert settings.worker_concurrency == 5
    assert settings.secret.tenant == "acme"


def test_a_variable_beside_another_of_the_same_meaning_is_refused():
    more = {"QUILT_CATALOG": "a.example.com", "QUILT_WEB_HOST": "b.example.com"}
    assert settings_of(SECRET, **more).problems == (
        "QUILT_WEB_HOST is not QUILT_CATALOG: leave one of the two",
    )


@pytest.mark.parametrize("former", [it for it in VARIABLES if it.refusal], ids=lambda it: it.name)
def test_a_variable_that_is_not_taken_is_refused(former):
    (problem,) = settings_of(SECRET, **{former.name: PRIVATE}).problems
    assert problem.startswith(f"{former.name} ")
    assert "remove it" in problem
    assert PRIVATE not in problem
    assert settings_of(SECRET, **{former.name: ""}).problems == ()


def test_both_tables_say_the_same():
    def fate(former):
        return (
            "taken" if former.taken_as else "compared" if former.decided_by else "refused",
            former.also,
        )

    tables = {"secret": SECRET_FIELDS, "variable": VARIABLES}
    here = {(place, it.name): fate(it) for place in tables for it in tables[place]}
    told = {
        (it["place"], it["name"]): (it["fate"], tuple(it.get("also", ())))
        for it in NAMES
        if it["fate"] != "same"
    }
    assert told == here
    to = {(it["place"], it["name"]): it.get("to", "") for it in NAMES}
    for place, formers in tables.items():
        for former in formers:
            name = to[place, former.name]
            assert name in (former.taken_as or former.refusal), former.name


def test_names_that_are_the_same_are_read():
    assert [it["name"] for it in NAMES if it["fate"] == "same"] == [
        "tenant",
        "PORT",
        "AWS_REGION",
        "LOG_LEVEL",
    ]
