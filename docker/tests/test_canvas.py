import json

import pytest

from src.canvas import FILES_A_PAGE, Canvas, Catalog
from src.canvas_calls import CanvasCall, CanvasCallError, read_canvas_call
from src.entries import Entries

from .conftest import aws_client


@pytest.fixture
def entries(canvas):  # noqa: ARG001 - the canvas' table
    return Entries(aws_client("dynamodb"), "claims", lambda: 1_800_000_000)


def stored(entries, count):
    files = [{"path": f"file `{number}`.csv", "size": 1000 * number} for number in range(count)]
    aws_client("s3").put_object(
        Bucket="packages", Key="benchling/EXP1/input.json", Body=json.dumps({"files": files})
    )
    entries.record(
        "etr_1", "packaged", display_id="EXP1", package_name="benchling/EXP1", files=count
    )


def buttons(blocks):
    return {it["id"]: it["enabled"] for it in blocks if it["type"] == "BUTTON"}


def test_an_entry_without_an_export(canvas):
    blocks = canvas.blocks("etr_1")
    assert blocks[0]["value"] == "**Entry** `etr_1`\n\n**Export** none yet"
    assert buttons(blocks) == {"update-package:etr_1": True}


def test_a_package_is_linked_into_the_catalog(canvas, entries):
    stored(entries, 2)
    state, files, _ = canvas.blocks("etr_1")
    assert state["value"] == (
        "**Entry** `EXP1`\n\n"
        "**Package** [benchling/EXP1]"
        "(https://quilt.example.com/b/packages/packages/benchling/EXP1)\n\n"
        "**Export** done 2027-01-15 08:00 UTC, 2 files"
    )
    assert files["value"].splitlines()[0] == "Files, page 1 of 1:"
    assert files["value"].splitlines()[3] == (
        "- [`file '1'.csv`](https://quilt.example.com/b/packages/tree/"
        "benchling/EXP1/file%20%601%60.csv) (1,000 bytes)"
    )


def test_without_a_catalog_the_address_in_s3_is_shown(entries):
    stored(entries, 1)
    plain = Canvas(entries, aws_client("s3"), Catalog("packages"))
    state, files, _ = plain.blocks("etr_1")
    assert "`s3://packages/benchling/EXP1/`" in state["value"]
    assert files["value"].endswith("- `file '0'.csv` (0 bytes)")


@pytest.mark.parametrize(
    ("page", "shown", "pagers"),
    [
        (0, "page 1 of 3", {"page-2:etr_1"}),
        (2, "page 2 of 3", {"page-1:etr_1", "page-3:etr_1"}),
        (3, "page 3 of 3", {"page-2:etr_1"}),
        (999_999, "page 3 of 3", {"page-2:etr_1"}),
    ],
)
def test_many_files_come_in_pages(canvas, entries, page, shown, pagers):
    stored(entries, FILES_A_PAGE * 2 + 1)
    blocks = canvas.blocks("etr_1", page)
    assert shown in blocks[1]["value"]
    assert set(buttons(blocks)) == pagers | {"update-package:etr_1"}


def test_a_running_export_cannot_be_asked_for_again(canvas, entries):
    entries.record("etr_1", "running")
    blocks = canvas.blocks("etr_1")
    assert "running since 2027-01-15 08:00 UTC" in blocks[0]["value"]
    assert buttons(blocks) == {"update-package:etr_1": False}


def test_a_failure_is_told_and_the_old_package_stays_linked(canvas, entries):
    stored(entries, 1)
    entries.record("etr_1", "failed", reason="a `reason`\nof Benchling's")
    value = canvas.blocks("etr_1")[0]["value"]
    assert "benchling/EXP1" in value
    assert value.endswith("failed 2027-01-15 08:00 UTC: `a 'reason'?of Benchling's`")


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"files": 7}', None])
def test_what_cannot_be_read_is_said(canvas, entries, content):
    stored(entries, 1)
    s3 = aws_client("s3")
    if content is None:
        s3.delete_object(Bucket="packages", Key="benchling/EXP1/input.json")
    else:
        s3.put_object(Bucket="packages", Key="benchling/EXP1/input.json", Body=content)
    blocks = canvas.blocks("etr_1")
    assert blocks[0]["value"] == "The last export's state can't be read now."
    assert buttons(blocks) == {"update-package:etr_1": True}


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ({"type": "v2.canvas.created", "canvasId": "cnvs_1"}, CanvasCall("", "cnvs_1")),
        (
            {"type": "v2.canvas.initialized", "resourceId": "etr_1", "featureId": "f"},
            CanvasCall("etr_1", "", "f"),
        ),
        (
            {"type": "v2.canvas.userInteracted", "canvasId": "c", "buttonId": "page-12:etr_1"},
            CanvasCall("etr_1", "c", page=12),
        ),
        ({"type": "v2.canvas.userInteracted", "canvasId": "c", "buttonId": "x"}, None),
        ({"type": "v2.canvas.archived"}, None),
    ],
)
def test_what_a_canvas_asks_for(message, call):
    assert read_canvas_call(message) == call


@pytest.mark.parametrize("canvas_id", [None, "", 7, "a b", "é", "x" * 101])
def test_an_id_that_cannot_be_one_is_named(canvas_id):
    with pytest.raises(CanvasCallError, match="canvasId"):
        read_canvas_call({"type": "v2.canvas.created", "canvasId": canvas_id})
