"""What a package says of its entry, whatever the entry holds."""

import json

import pytest
from hypothesis import HealthCheck, example, given, settings

from src.store.archive import LeftOut
from src.store.export_record import StoredFile
from src.store.member_names import MAX_PATH_BYTES
from src.store.package_store import Contents
from src.store.packages import documents_of, metadata_of, package_of
from src.store.references import links_of

from .benchling_server import entry as usual_entry
from .odd_entries import entries

# Source: "Auto-Packaging" and "Referenced Entities" in docs/examples/benchling.md of
# Quilt's documentation.
DOCUMENTED = {
    "authors",
    "created_at",
    "creator",
    "display_id",
    "entry_id",
    "files",
    "links",
    "modified_at",
    "web_url",
}
OURS = {"folder_id", "name", "schema"}
DOCUMENTS = {"entry.json", "entry_data.json", "input.json", "links.json", "README.md"}
CONTENTS = Contents(
    (StoredFile("a.txt", "a.txt", 3), StoredFile("b%0A.txt", "b\n.txt", 4)),
    (LeftOut("../evil", "leads out of the package"),),
)
TRIGGER = {"webhook_id": "wh_secret_trigger", "type": "v2.entry.created", "received_at": 1.0}


def documents(entry, trigger=TRIGGER, contents=CONTENTS):
    links = links_of(entry, lambda kind, object_id: f"{kind} {object_id}")
    package = package_of("packages", "benchling", entry, lambda _: True)
    return documents_of(package, entry, links, trigger)(contents)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(entries())
@example({"id": "etr_1", "authors": [None], "schema": "text", "createdAt": "yesterday"})
@example({"id": "etr_1", "fields": [{"type": "entry_link", "value": {}}], "creator": []})
@example({"id": "etr_1", "name": "\ud800", "webURL": 7, "displayId": "../../x"})
def test_any_entry_makes_a_package(entry):
    made = documents(entry)
    assert set(made) == DOCUMENTS
    assert made == documents(entry)
    metadata = json.loads(made["entry.json"])
    assert set(metadata) == DOCUMENTED | OURS
    assert metadata["entry_id"] == "etr_1"
    assert all(isinstance(it, str) for it in metadata["authors"])
    assert isinstance(metadata["creator"], str | None)
    assert all(set(it) == {"type", "id", "name", "slug"} for it in metadata["links"])
    assert json.loads(made["entry_data.json"]) == entry
    assert [it["id"] for it in json.loads(made["links.json"])["links"]] == [
        it["id"] for it in metadata["links"]
    ]
    made["README.md"].decode()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(entries())
def test_a_trigger_is_in_its_own_file_alone(entry):
    first = documents(entry)
    second = documents(entry, {**TRIGGER, "webhook_id": "wh_2", "received_at": 2.0})
    assert first.pop("input.json") != second.pop("input.json")
    assert first == second
    assert b"wh_secret_trigger" not in b"".join(first.values())


def test_the_metadata_is_as_quilt_documents_it():
    entry = {**usual_entry("etr_1"), "schema": {"id": "ts_1", "name": "Assay"}}
    package = package_of("packages", "benchling", entry, lambda _: True)
    link = {"type": "user", "id": "ent_1", "name": "Ada", "slug": None, "web_url": "https://x"}
    assert metadata_of(package, entry, [link], CONTENTS) == {
        "authors": ["Ada <ada@ent_1>"],
        "created_at": "2026-01-02T03:04:05.678901+00:00",
        "creator": "Ada <ada@ent_1>",
        "display_id": "EXP1",
        "entry_id": "etr_1",
        "files": [{"path": "a.txt", "size": 3}, {"path": "b%0A.txt", "size": 4}],
        "folder_id": "lib_1",
        "links": [{"type": "user", "id": "ent_1", "name": "Ada", "slug": None}],
        "modified_at": "2026-01-03T03:04:05.678901+00:00",
        "name": "Buffer test",
        "schema": "Assay",
        "web_url": "https://acme.benchling.com/acme/f/lib_1-notes/etr_1-buffer-test/edit",
    }


@pytest.mark.parametrize(
    ("user", "text"),
    [
        ({"name": "Ada", "handle": "ada", "id": "ent_1"}, "Ada <ada@ent_1>"),
        ({"name": "Ada", "id": "ent_1"}, "Ada <ent_1>"),
        ({"name": "Ada"}, "Ada"),
        ({"handle": "ada"}, "<ada>"),
        ({"name": None, "handle": 7, "id": []}, None),
        ({}, None),
        (None, None),
        ("Ada", None),
    ],
)
def test_a_person_is_what_is_known_of_her(user, text):
    entry = {"id": "etr_1", "creator": user}
    package = package_of("packages", "benchling", entry, lambda _: True)
    assert metadata_of(package, entry, [], CONTENTS)["creator"] == text


@pytest.mark.parametrize("display_id", [None, "", "a/b", "..", 7, "x" * 101, "a b"])
def test_a_display_id_that_quilt_refuses_is_replaced_by_the_id(display_id):
    package = package_of(
        "packages", "benchling", {"id": "etr_1", "displayId": display_id}, lambda _: True
    )
    assert (package.name, package.display_id) == ("benchling/etr_1", "etr_1")
    package = package_of("packages", "benchling", usual_entry("etr_1"), lambda _: True)
    assert (package.name, package.display_id) == ("benchling/EXP1", "EXP1")


def test_a_name_too_long_for_quilt_with_its_id_is_the_id_alone():
    entry = {"id": "etr_1", "displayId": "x" * 95}
    taken = {f"benchling/{'x' * 95}"}
    assert package_of("packages", "benchling", entry, lambda it: it not in taken).name == (
        "benchling/etr_1"
    )
    entry["displayId"] = "x" * 94
    taken = {f"benchling/{'x' * 94}"}
    assert package_of("packages", "benchling", entry, lambda it: it not in taken).name == (
        f"benchling/{'x' * 94}_etr_1"
    )


def test_the_longest_key_is_one_that_s3_takes():
    entry = {"id": "i" * 100, "displayId": "d" * 100}
    for own in (lambda _: True, lambda it: not it.endswith("d")):
        name = package_of("packages", "p" * 100, entry, own).name
        assert len(f"{name}/export-999/{'f' * MAX_PATH_BYTES}") <= 1024


def test_what_was_renamed_or_left_out_is_named():
    made = documents(usual_entry("etr_1"))
    listed = json.loads(made["input.json"])
    assert listed["files"] == [
        {"path": "a.txt", "size": 3},
        {"path": "b%0A.txt", "size": 4, "name": "b\n.txt"},
    ]
    assert listed["left_out"] == [{"name": "../evil", "reason": "leads out of the package"}]
    readme = made["README.md"].decode()
    assert "| `b%0A.txt` | `b\\n.txt` |" in readme
    assert "| `../evil` | leads out of the package |" in readme


@pytest.mark.parametrize("name", ["# x\n\n[y](z)", "\ud800", "a\u2028b", "|`|"])
def test_a_title_stays_one_line(name):
    lines = documents({**usual_entry("etr_1"), "name": name})["README.md"].decode().splitlines()
    assert lines[2] == "Benchling entry EXP1 (`etr_1`)."
