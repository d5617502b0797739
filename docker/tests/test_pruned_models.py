"""Whatever Benchling can respond, the pruned image can read: generated from its description."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from src.queues.canvas_request import ID

from .benchling_api import ROOT, described, response_schema
from .instances import variants

pytestmark = pytest.mark.slow

# Calls the service's own client with given responses; prints what each call returns.
PROGRAM = """
import json, sys
import httpx
import benchling_api_client
from src.export import benchling_client as benchling
from src.export.benchling_client import BenchlingClient
from src.export.benchling_responses import BenchlingClientError

benchling.FIRST_POLL_SECONDS = 0
TOKEN = {"token_type": "Bearer", "access_token": "t", "expires_in": 900}
DONE = {"status": "SUCCEEDED", "response": {"downloadURL": "https://acme.example/a.zip"}}
USUAL = {"POST /token": (200, TOKEN), "POST /exports": (202, {"taskId": "t"})}
given = {}

def respond(request):
    key = f"{request.method} {request.url.path.removeprefix('/api/v2')}"
    # A task that runs has an end.
    found = given.pop(key, None) if key == "GET /tasks/t" else given.get(key)
    status, value = found or USUAL.get(key, (200, DONE))
    return httpx.Response(status, json=value)

def client():
    http = httpx.Client(transport=httpx.MockTransport(respond))
    return BenchlingClient("https://acme.example", "id", "secret", http)

blocks = [
    {"id": "a", "type": "MARKDOWN", "value": "x"},
    {"id": "b", "type": "SECTION", "children": [{"id": "c", "type": "BUTTON", "text": "x"}]},
]
calls = {
    "GET /entries/e": lambda it: it.entry("e"),
    "POST /exports": lambda it: it.export("e", lambda: None),
    "GET /tasks/t": lambda it: it.export("e", lambda: None),
    "POST /token": lambda it: it.export("e", lambda: None),
    "GET /app-canvases/c": lambda it: it.entry_of_canvas("c"),
    "PATCH /app-canvases/c": lambda it: it.draw("c", blocks),
    "POST /app-canvases": lambda it: it.add_canvas("f", "e", blocks, "app_1"),
}
reused = client()
for line in sys.stdin:
    key, status, value = json.loads(line)
    given.clear()
    given[key] = (status, value)
    try:
        result = [calls[key](client() if key == "POST /token" else reused), ""]
    except BenchlingClientError as error:
        result = [None, str(error)]
    print(json.dumps(result))
print(benchling_api_client.__file__)
"""
CALLS = (
    "GET /entries/e",
    "POST /exports",
    "GET /tasks/t",
    "POST /token",
    "GET /app-canvases/c",
    "PATCH /app-canvases/c",
    "POST /app-canvases",
)


# What a later Benchling may send: types and values that the description doesn't know.
NEWER = {
    "id": "e",
    "days": [
        {
            "notes": [
                {"type": "hologram", "text": "x", "links": [{"type": "moon", "id": "m_1"}]},
                {"type": "text", "text": "x", "links": [{"type": "moon", "id": "m_1"}]},
            ]
        }
    ],
    "fields": {"Moon": {"type": "moon_link", "value": "m_1", "isMulti": False}},
    "reviewRecord": {"status": "ADMIRED"},
    "tomorrow": {"x": 1},
}
# What real entries have, and the SDK's model of an entry refuses or drops.
ODD = {
    "id": "e",
    "creator": None,
    "authors": [None],
    "createdAt": "2026-01-02T03:04:05Z",
    "modifiedAt": None,
    "fields": None,
    "customFields": None,
    "days": [{"date": "2026-01-02", "notes": None}, {"notes": [{"type": "text", "links": None}]}],
    "schema": {"id": "ts_1", "modifiedAt": "yesterday"},
}


def responses():
    """Every response that the description allows for the calls of the service."""
    api = described()
    for call in CALLS:
        method, path = call.split()
        operation = api.operation(method, f"{ROOT}{path}")
        for status in operation["responses"]:
            schema = response_schema(operation, status)
            for value in variants(api, schema):
                assert list(api.problems(value, schema)) == [], (call, status)
                yield call, int(status), value
    yield "GET /entries/e", 200, {"entry": NEWER}
    yield "GET /entries/e", 200, {"entry": ODD}
    yield "GET /tasks/t", 200, {"status": "RUNNING", "response": None, "errors": None}
    yield "GET /app-canvases/c", 200, {"resourceId": "e", "app": None, "blocks": None}
    yield "PATCH /app-canvases/c", 200, {"id": "c", "blocks": [{"id": "a", "type": "HOLOGRAM"}]}


@pytest.fixture(scope="module")
def parsed(pruned):
    """What the service makes of each response, with the packages of the image."""
    packages, _ = pruned
    given = list(responses())
    out = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(packages)!r})\n{PROGRAM}"],
        input="".join(f"{json.dumps(it)}\n" for it in given),
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
        check=False,
    )
    assert out.returncode == 0, out.stderr[-3000:]
    *results, file = out.stdout.splitlines()
    assert Path(file).is_relative_to(packages)
    return list(zip(given, map(json.loads, results), strict=True))


def test_each_kind_of_response_is_tried():
    given = list(responses())
    text = json.dumps(given)
    schemas = described().schemas
    kinds = [
        *schemas["EntryNotePart"]["discriminator"]["mapping"],
        *schemas["AppCanvasUiBlockList"]["properties"]["blocks"]["items"]["discriminator"][
            "mapping"
        ],
        *schemas["FieldType"]["enum"],
    ]
    assert len(kinds) > 50
    assert [kind for kind in kinds if f'"type": "{kind}"' not in text] == []
    assert {call for call, status, _ in given if status < 300} == set(CALLS)


def test_an_entry_loses_nothing(parsed):
    entries = [it for it in parsed if it[0][0] == "GET /entries/e" and "entry" in it[0][2]]
    assert len(entries) > 10
    for (_, _, value), (result, error) in entries:
        assert error == ""
        assert result == {**value["entry"], "id": "e"}


def test_an_export_and_a_canvas_say_what_the_service_asks_for(parsed):
    for (call, _, value), (result, error) in parsed:
        if call == "GET /tasks/t" and value.get("status") == "SUCCEEDED":
            expected = value.get("response", {}).get("downloadURL")
        elif call == "GET /app-canvases/c":
            # The described text may be any; what leads elsewhere in an address is no ID.
            expected = value.get("resourceId")
            expected = expected if expected and ID.fullmatch(expected) else None
        else:
            continue
        assert result == expected
        assert bool(error) is (expected is None)


def test_every_other_response_is_understood_or_a_refusal_with_its_status(parsed):
    incomplete = ("incomplete", "no download address", "in no entry", "FAILED")
    for (call, status, value), (_, error) in parsed:
        if status >= 400:
            assert error.endswith(f"Benchling answered {status}")
        elif call == "POST /token" and not value:
            assert error.endswith("Benchling answered 200")
        else:
            assert not error or any(it in error for it in incomplete)
