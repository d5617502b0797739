"""The stand-in and the worker are held against Benchling's description, and faults are found."""

import json

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from src.export.linked_names import NAMED

from .benchling_api import (
    COMPONENT,
    ROOT,
    described,
    request_problems,
    response_problems,
    response_schema,
)
from .benchling_server import BenchlingServer, entry
from .instances import any_of

JSON = "application/json"
CANVAS = {"featureId": "f", "resourceId": "etr_1", "appId": "app_1"}


def asked(method, path, value=None, kind=JSON):
    body = b"" if value is None else json.dumps(value).encode()
    return request_problems(method, f"{ROOT}/{path}", kind, body)


def answered(path, status, value, method="GET"):
    return response_problems(method, f"{ROOT}/{path}", status, value)


@pytest.mark.parametrize(
    ("problems", "expected"),
    [
        (asked("GET", "notes/1"), "no such operation"),
        (asked("DELETE", "entries/etr_1"), "no such operation"),
        (request_problems("GET", "/entries/etr_1", "", b""), "no such operation"),
        (asked("GET", "app-canvases?entryId=etr_1"), "'entryId' isn't described"),
        (asked("GET", "app-canvases?pageSize=101"), "greater than the maximum"),
        (asked("GET", "app-canvases?sort=name"), "sort: $: 'name' is not one of"),
        (asked("POST", "exports", {}), "'id' is a required property"),
        (asked("POST", "exports", {"id": 7}), "$.id: 7 is not of type 'string'"),
        (asked("POST", "exports", {"id": "etr_1", "as": "pdf"}), "'as' was unexpected"),
        (asked("POST", "exports", {"id": "etr_1"}, "text/plain"), "'text/plain' isn't described"),
        (request_problems("POST", f"{ROOT}/exports", JSON, b"{"), "the body isn't"),
        (asked("GET", "entries/etr_1", {}), "a body isn't described"),
        (asked("POST", "app-canvases", {**CANVAS}), "'blocks' is a required property"),
        (asked("PATCH", "app-canvases/c", {"blocks": [{"type": "SOUND"}]}), "SOUND"),
        (asked("PATCH", "app-canvases/c", {"blocks": [{"type": "BUTTON", "id": "b"}]}), "text"),
        (answered("notes/1", 200, {}), "no such operation"),
        (answered("entries/etr_1", 418, {}), "status 418 isn't described"),
        (answered("entries/etr_1", 200, entry("etr_1")), "were unexpected"),
        (answered("entries/etr_1", 200, {"entry": {"name": 7}}), "$.entry.name: 7 is not of"),
        (answered("entries/etr_1", 200, {"entry": {"folderId": None}}), "$.entry.folderId: None"),
        (
            answered("entries/etr_1", 200, {"entry": {"days": [{"notes": [{"type": "text"}, 7]}]}}),
            "$.entry.days[0].notes[1]",
        ),
        (answered("entries/etr_1", 200, {"entry": {"createdAt": "now"}}), "$.entry.createdAt"),
        (answered("tasks/t", 200, {"status": "SLEEPING"}), "'SLEEPING' is not one of"),
        (answered("tasks/t", 200, {"status": "SUCCEEDED", "downloadURL": "x"}), "was unexpected"),
        (answered("entries/etr_1", 404, {"error": {"reason": "x"}}), "'reason' was unexpected"),
    ],
)
def test_what_is_not_as_described_is_found(problems, expected):
    assert any(expected in it for it in problems), problems


@pytest.mark.parametrize(
    "problems",
    [
        request_problems(
            "POST",
            f"{ROOT}/token",
            "application/x-www-form-urlencoded",
            b"grant_type=client_credentials",
        ),
        asked("GET", "app-canvases?resourceId=etr_1&pageSize=100"),
        asked("POST", "exports", {"id": "etr_1"}, "application/json; charset=utf-8"),
        asked("POST", "app-canvases", {**CANVAS, "blocks": [], "enabled": True}),
        answered("entries/etr_1", 200, {"entry": entry("etr_1")}),
        answered("entries/etr_1", 404, {"error": {"message": "x"}}),
        answered("app-canvases/c", 200, {"archiveRecord": None, "data": None}),
    ],
)
def test_what_is_as_described_passes(problems):
    assert problems == []


@pytest.mark.parametrize(("kind", "at"), NAMED.items())
def test_what_names_a_linked_object_is_in_its_description(kind, at):
    path, field = at
    operation = described().operation("GET", f"{ROOT}/{path}/x")
    value = {"id": "x", field: "QB-2743.1"}
    schema = response_schema(operation, "200")
    assert list(described().problems({"entry": value} if kind == "entry" else value, schema)) == []


def test_each_link_of_the_description_has_a_name_or_a_reason_not_to():
    schemas = described().schemas
    notes = set(schemas["EntryLink"]["properties"]["type"]["enum"])
    fields = {it.removesuffix("_link") for it in schemas["FieldType"]["enum"] if "_link" in it}
    unnamed = {
        # A web address, and the entry's own file.
        "link",
        "blob",
        # Not to be read by its ID.
        "batch",
        "insights_dashboard",
        "protocol",
        "sql_dashboard",
        "stage_entry",
        "workflow",
        # Of several types, or without a name.
        "aa_part",
        "assay_result",
        "assay_run",
        "base_molecule",
        "entity",
        "part",
        "storage",
        "translation",
    }
    assert (notes | fields) - set(NAMED) == unnamed
    assert set(NAMED) <= notes | fields


@pytest.fixture
def server():
    server = BenchlingServer()
    yield server
    server.shutdown()
    server.server_close()


def taken(server):
    """Take what the server has found, so that this test passes."""
    found = list(server.violations)
    server.violations.clear()
    return found


def test_the_stand_in_records_what_it_was_asked_wrongly(server):
    httpx.post(f"{server.address}{ROOT}/exports", json={"id": "etr_1", "format": "odt"})
    (violation,) = taken(server)
    assert violation.startswith(f"POST {ROOT}/exports, request: $.format: 'odt' is not one of")
    httpx.get(f"{server.address}{ROOT}/notes/1")
    assert "no such operation" in taken(server)[0]


def test_stand_in_records_its_invalid_responses(server):
    server.entries["etr_1"] = {**entry("etr_1"), "displayId": 7}
    httpx.get(f"{server.address}{ROOT}/entries/etr_1")
    (violation,) = taken(server)
    assert violation.endswith("response 200: $.entry.displayId: 7 is not of type 'string'")


def test_faults_may_respond_anything(server):
    server.faults[f"{ROOT}/entries/etr_1"] = [(503, {}), (0, {})]
    assert httpx.get(f"{server.address}{ROOT}/entries/etr_1").status_code == 503
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{server.address}{ROOT}/entries/etr_1")
    assert taken(server) == []


def test_the_canvases_of_an_entry_come_in_pages(server):
    server.canvases = {f"cnvs_{number}": "etr_1" for number in range(5)} | {"cnvs_9": "etr_9"}
    found, query = [], {"resourceId": "etr_1", "pageSize": 2}
    while query.get("nextToken") != "":
        page = httpx.get(f"{server.address}{ROOT}/app-canvases", params=query).json()
        found += [it["id"] for it in page["appCanvases"]]
        query["nextToken"] = page["nextToken"]
    assert found == [f"cnvs_{number}" for number in range(5)]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_of(described(), {"$ref": f"{COMPONENT}EntryById"}))
def test_generated_entries_are_as_described(value):
    assert answered("entries/etr_1", 200, value) == []
