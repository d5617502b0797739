"""Unusable responses of Benchling's: a refusal that says so, or a package without them."""

import json
import struct

import pytest

from src.export.benchling_responses import (
    BenchlingClientError,
    DrawnCanvas,
    data_of,
    view_of,
)
from src.queues.canvas_view import FIRST_VIEW, MAX_PAGE, CanvasView, LinkedView
from src.queues.failures import kind_of
from src.runtime.errors import Kind

from .benchling_api import ROOT
from .benchling_server import FILES, entry, zip_of

pytestmark = pytest.mark.slow

DEEP = b'{"entry":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
NOT_JSON = [
    b"<html>Benchling is being maintained</html>",
    b"{",
    b'{"entry": NaN}',
    b'{"entry": {"x": 1e999}}',
    b'{"entry": ' + b"9" * 5000 + b"}",
    b'{"entry": "\xe9"}',
    DEEP,
    DEEP.replace(b"[" * 19_000, b"").replace(b"]" * 19_000, b""),
    DEEP.replace(b"[" * 19_800, b"").replace(b"]" * 19_800, b""),
]
NO_OBJECT = [b"", b"[]", b"7", b"null", b'"entry"', b"{}", b'{"entry": null}', b'{"entry": [{}]}']


def of_entry(**fields):
    return json.dumps({"entry": {**entry("etr_1"), **fields}}).encode()


def outcome(stage):
    """Process an event; return why its attempt failed, or nothing."""
    stage.send()
    assert stage.next()
    return stage.item("webhook#wh_1").get("reason", {}).get("S", "")


@pytest.mark.parametrize("body", NOT_JSON + NO_OBJECT)
def test_unreadable_entry_fails_with_reason(stage, body):
    stage.server.faults[f"{ROOT}/entries/etr_1"] = [(200, {}, body)]
    assert outcome(stage).startswith("the entry: Benchling's response")


@pytest.mark.parametrize(
    "fields",
    [
        {"authors": [None]},
        {"authors": None, "creator": 7},
        {"schema": "a schema"},
        {"createdAt": "the day before", "modifiedAt": 7},
        {"name": "half \ud800", "webURL": "http://[\udfff", "folderId": ["\ud800"]},
        {"displayId": "half \ud800"},
        {"displayId": "../../other", "name": None},
        {"days": [None, {"notes": [None, {"links": [None, {"id": "../x", "type": "user"}]}]}]},
        {"days": "none", "fields": "none"},
        {"fields": {"a": {"type": "user_link", "value": [None, {}, "../../tokens", "\ud800"]}}},
        {"customFields": json.loads("[" * 90 + "]" * 90)},
    ],
)
def test_an_entry_with_a_field_that_cannot_be_used_is_packaged_without_it(stage, fields):
    stage.server.faults[f"{ROOT}/entries/etr_1"] = [(200, {}, of_entry(**fields))]
    assert outcome(stage) == ""
    assert stage.item("webhook#wh_1")["state"]["S"] == "done"
    assert all(".." not in it for it in stage.server.asked)


@pytest.mark.parametrize(
    "body", [*NOT_JSON, *NO_OBJECT, b'{"taskId": 7}', b'{"taskId": "../../tokens"}']
)
def test_export_without_a_task_fails_with_reason(stage, body):
    stage.server.faults[f"{ROOT}/exports"] = [(202, {}, body)]
    assert outcome(stage).startswith("the export: Benchling's response")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        *((it, "the task: Benchling's response") for it in NOT_JSON),
        (b"{}", "the export has no status"),
        (b'{"status": 7}', "the export has no status"),
        (b'{"status": {"a": []}, "message": 7}', "the export has no status"),
        (b'{"status": "FAILED", "message": "half \\ud800"}', "the export ended as FAILED: half ?"),
        (b'{"status": "SUCCEEDED"}', "the export has no download address"),
        (
            b'{"status": "SUCCEEDED", "response": {"downloadURL": "http://a:b/"}}',
            "the export's download address is none",
        ),
        (
            b'{"status": "SUCCEEDED", "response": {"downloadURL": "http://a/\\u0000"}}',
            "the export's download address is none",
        ),
        (
            b'{"status": "SUCCEEDED", "response": {"downloadURL": "http:///x"}}',
            "the export's download address is none",
        ),
    ],
)
def test_task_without_status_fails_with_reason(stage, body, reason):
    stage.server.faults[f"{ROOT}/tasks/task_1"] = [(200, {}, body)]
    assert outcome(stage).startswith(reason)


@pytest.mark.parametrize(
    "body",
    [
        *NOT_JSON,
        *NO_OBJECT,
        b'{"access_token": "t", "token_type": "Bearer", "expires_in": 1e999}',
        b'{"access_token": "t", "token_type": "Bearer", "expires_in": 1e300}',
        b'{"access_token": "half \\ud800", "token_type": "Bearer", "expires_in": 900}',
    ],
)
def test_invalid_token_fails_with_reason(stage, body):
    stage.server.faults[f"{ROOT}/token"] = [(200, {}, body)] * 2
    reason = outcome(stage)
    assert "fault of the worker" not in reason
    assert reason.startswith("the entry: ")


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 418])
def test_a_refusal_has_its_status(stage, status):
    answered = [(status, {"Location": "/elsewhere"}, b"\xff<html>")] * 2
    stage.server.faults[f"{ROOT}/entries/etr_1"] = answered
    with pytest.raises(
        BenchlingClientError, match=f"the entry: Benchling answered {status}"
    ) as caught:
        stage.benchling.entry("etr_1")
    assert caught.value.status == status


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_token_is_distinguished_from_refused_request(stage, status):
    stage.server.faults[f"{ROOT}/token"] = [(status, {})] * 2
    with pytest.raises(BenchlingClientError, match=f"token, Benchling answered {status}") as caught:
        stage.benchling.entry("etr_1")
    # It is no refusal of the request, which would be given up for it.
    assert kind_of(caught.value) is Kind.TRANSIENT


def test_unusable_response_has_no_status(stage):
    stage.server.faults[f"{ROOT}/entries/etr_1"] = [(200, {}, b"{")]
    with pytest.raises(BenchlingClientError) as caught:
        stage.benchling.entry("etr_1")
    assert caught.value.status == 0


NO_IDS = ["", ".", "..", "../../tokens", "a/b", "a?b", "a#b", "a b", "%2e%2e", "é", "\ud800", "x\n"]


@pytest.mark.parametrize("text", [*NO_IDS, "x" * 101])
def test_invalid_id_is_in_no_request_path(stage, text):
    client = stage.benchling
    for call in (
        lambda: client.entry(text),
        lambda: client.export(text, lambda: None),
        lambda: client.entry_of_canvas(text),
        lambda: client.canvases_of(text),
        lambda: client.draw(text, []),
        lambda: client.add_canvas(text, "etr_1", []),
        lambda: client.add_canvas("f", text, []),
    ):
        with pytest.raises(BenchlingClientError, match="not an ID"):
            call()
    assert stage.server.asked == []
    assert stage.benchling.name_of("entry", text) is None


@pytest.mark.parametrize("entry_id", [None, 7, "", "../../tokens"])
def test_canvas_without_valid_entry_raises(stage, entry_id):
    body = json.dumps({"resourceId": entry_id}).encode()
    stage.server.faults[f"{ROOT}/app-canvases/cnvs_1"] = [(200, {}, body)]
    with pytest.raises(BenchlingClientError, match="in no entry"):
        stage.benchling.entry_of_canvas("cnvs_1")


def test_of_listed_canvases_those_are_taken_that_have_an_id(stage):
    listed = [None, 7, {}, {"id": 7}, {"id": "../x"}, {"id": "c_1", "app": "a", "data": "["}]
    listed.append({"id": "c_2", "app": {"id": "app_1"}, "data": '{"page": 3, "metadata": true}'})
    body = json.dumps({"appCanvases": listed, "nextToken": 7}).encode()
    stage.server.faults[f"{ROOT}/app-canvases"] = [
        (200, {}, body),
        (200, {}, b'{"appCanvases": 7}'),
    ]
    assert stage.benchling.canvases_of("etr_1") == [
        DrawnCanvas("c_1"),
        DrawnCanvas("c_2", "app_1", CanvasView(3, metadata=True)),
    ]
    assert stage.benchling.canvases_of("etr_1") == []


def test_endless_list_of_canvases_raises(stage):
    body = b'{"appCanvases": [], "nextToken": "again"}'
    stage.server.faults[f"{ROOT}/app-canvases"] = [(200, {}, body)] * 50
    with pytest.raises(BenchlingClientError, match="more than 20 pages"):
        stage.benchling.canvases_of("etr_1")


@pytest.mark.parametrize(
    "data", [None, 7, "", "[]", "{}", '{"page": "1"}', '{"page": -1}', "[" * 9999]
)
def test_invalid_page_number_means_first_page(data):
    assert view_of(data) == FIRST_VIEW
    assert view_of(f'{{"page": {MAX_PAGE + 1}}}') == FIRST_VIEW


@pytest.mark.parametrize("linked", [LinkedView("a--b", 2, metadata=True), LinkedView("a.b"), None])
def test_view_comes_back_from_a_canvass_data(linked):
    view = CanvasView(3, linked=linked)
    assert view_of(data_of(view)) == view


@pytest.mark.parametrize("linked", [7, {}, {"token": "a/b", "page": 1}, {"token": "a", "page": 0}])
def test_invalid_linked_package_means_the_entrys_own(linked):
    assert view_of(json.dumps({"page": 2, "linked": linked})) == CanvasView(2)


def damaged_deflate(size):
    """A ZIP whose first file doesn't unpack beyond its middle."""
    content = bytearray(
        zip_of({"bad.bin": struct.pack(f"<{size // 4}L", *range(size // 4)), **FILES})
    )
    middle = content.index(b"PK\x03\x04", 10) // 2
    content[middle : middle + 64] = b"\xff" * 64
    return bytes(content)


@pytest.mark.parametrize("size", [40_000, 6 * 1024**2])
def test_a_damaged_file_is_left_out_of_the_package(stage, size):
    stage.server.zip = damaged_deflate(size)
    assert outcome(stage) == ""
    (left_out,) = json.loads(stage.files()["benchling/EXP1/input.json"])["left_out"]
    assert left_out == {"name": "bad.bin", "reason": "is damaged"}
    assert set(FILES) <= {it.removeprefix("benchling/EXP1/") for it in stage.files()}


def test_an_empty_zip_is_a_package_without_files(stage):
    stage.server.zip = zip_of({})
    assert outcome(stage) == ""
    assert json.loads(stage.files()["benchling/EXP1/input.json"])["files"] == []
