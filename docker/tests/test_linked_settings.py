"""The settings of linked packages: in which buckets, and whether anything is exported beside."""

import json

import pytest

from src.runtime.settings import WORKER_REQUIRED, SettingsError, read_settings

from .conftest import SECRET
from .test_settings import ENVIRONMENT


def test_linked_buckets_are_named_once_each_and_the_package_bucket_apart():
    assert read_settings(ENVIRONMENT).linked_buckets == ()
    assert read_settings({**ENVIRONMENT, "LINKED_BUCKETS": ""}).linked_buckets == ()
    settings = read_settings({**ENVIRONMENT, "LINKED_BUCKETS": "raw,packages,a.b-c,raw"})
    assert settings.linked_buckets == ("raw", "packages", "a.b-c")
    assert settings.other_buckets == ("raw", "a.b-c")


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("raw,A_b,", "'A_b', '': no bucket's name: use one, separated by commas alone"),
        ("raw, b", "' b': no bucket's name"),
        ("a'b", "no bucket's name"),
        ("a..b", "no bucket's name"),
        (",".join(f"raw-{it}" for it in range(51)), "has 51 names, more than 50: leave some out"),
    ],
)
def test_what_is_no_list_of_buckets_is_told(value, fault):
    with pytest.raises(SettingsError) as caught:
        read_settings({**ENVIRONMENT, "LINKED_BUCKETS": value})
    assert str(caught.value).startswith("LINKED_BUCKETS ")
    assert fault in str(caught.value)


def test_fifty_linked_buckets_are_taken():
    buckets = ",".join(f"raw-{it}" for it in range(50))
    assert len(read_settings({**ENVIRONMENT, "LINKED_BUCKETS": buckets}).linked_buckets) == 50


@pytest.mark.parametrize(("value", "exports"), [(None, True), ("", True), ("true", True)])
def test_entries_are_exported_by_default(value, exports):
    more = {} if value is None else {"EXPORT_ENTRIES": value}
    assert read_settings({**ENVIRONMENT, **more}).export_entries is exports
    settings = read_settings({"PORT": "5000", **more}, WORKER_REQUIRED)
    for name in WORKER_REQUIRED:
        assert f"{name} is not set: the stack sets it in the task definition" in settings.problems
    assert "LINKED_BUCKETS" not in str(settings.problems)


def test_whether_entries_are_exported_is_true_or_false():
    with pytest.raises(SettingsError, match=r"^EXPORT_ENTRIES 'no': use true or false$"):
        read_settings({**ENVIRONMENT, "EXPORT_ENTRIES": "no"})


def test_without_exports_the_worker_needs_what_it_searches_in():
    alone = {"PORT": "5000", "EXPORT_ENTRIES": "false"}
    settings = read_settings(alone, WORKER_REQUIRED)
    assert settings.export_entries is False
    missing = {it.split()[0] for it in settings.problems if "the stack sets it" in it}
    assert missing == {
        "AWS_REGION",
        "INTAKE_QUEUE_URL",
        "CANVAS_QUEUE_URL",
        "CLAIMS_TABLE",
        "DEAD_LETTER_QUEUE_URL",
        "QUILT_ATHENA_DATABASE",
        "LINKED_BUCKETS",
    }
    # The web service searches nowhere.
    assert "LINKED_BUCKETS" not in str(read_settings(alone).problems)


@pytest.mark.parametrize("field", ["user_bucket", "pkg_prefix", "queue_url", "workflow"])
def test_what_the_secret_asks_of_exports_is_refused_without_them(field):
    secret = json.dumps({**SECRET, field: "lab"})
    refused = read_settings(
        {"PORT": "5000", "EXPORT_ENTRIES": "false", "BENCHLING_SECRET": secret}
    ).problems
    fault = "is of exports, which exportEntries turns off: remove it from the secret"
    assert f"BENCHLING_SECRET: {field} {fault}" in refused
