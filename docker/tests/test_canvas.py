"""What a canvas says in every state of an export."""

import pytest
from botocore.exceptions import ClientError

from src.canvas.canvas import FILES_A_PAGE, Canvas, Catalog
from src.export.export_status import ExportStatus
from src.queues.canvas_request import CanvasRequest, EventError, canvas_request
from src.store.archive import LeftOut
from src.store.export_record import Kind, Record, StoredObject

AT = 1_800_000_000
STORED = ExportStatus(
    "packaged", 3, AT, "", "EXP1", "benchling/EXP1", 2, read_at=AT, top_hash="abc"
)


def record(count, left_out=()):
    objects = (
        StoredObject(f"dir/file `{number}`.csv", "", 1000 * number, 1, Kind.FILE, '"e"')
        for number in range(count)
    )
    return Record(tuple(objects), tuple(left_out))


def canvas(count=2, host="quilt.example.com", left_out=()):
    return Canvas(Catalog("packages", host), lambda _: record(count, left_out))


def text(blocks, name="state"):
    return next((it["value"] for it in blocks if it["id"] == name), None)


def buttons(blocks):
    return [it["id"] for it in blocks if it["type"] == "BUTTON"]


def status(**values):
    return ExportStatus(**{**vars(STORED), **values})


def test_an_entry_without_an_export():
    blocks = canvas().blocks("etr_1", ExportStatus())
    assert text(blocks) == "**Entry** `etr_1`\n\n**Export** none yet"
    assert buttons(blocks) == ["update-package-etr_1"]


def test_a_package_and_its_files_are_linked_at_their_revision():
    blocks = canvas().blocks("etr_1", STORED)
    revision = "https://quilt.example.com/b/packages/packages/benchling/EXP1/tree/abc"
    assert text(blocks) == (
        "**Entry** `EXP1`\n\n"
        f"**Package** [benchling/EXP1]({revision})\n\n"
        "**Export** packaged 2027-01-15 08:00 UTC, 2 files"
    )
    lines = text(blocks, "files").splitlines()
    assert lines[0] == "Files, page 1 of 1:"
    assert lines[3] == f"- [`dir/file '1'.csv`]({revision}/dir/file%20%601%60.csv) (1,000 bytes)"


def test_unconfirmed_package_is_shown_as_handed_to_quilt():
    blocks = canvas().blocks("etr_1", status(state="handed to Quilt"))
    assert "handed to Quilt 2027-01-15 08:00 UTC, 2 files" in text(blocks)
    assert "packaged" not in text(blocks)
    assert "/tree/latest/dir/file" in text(blocks, "files")


def test_missing_confirmation_is_shown():
    blocks = canvas().blocks("etr_1", status(state="not confirmed", handed_at=AT))
    assert "Quilt has not confirmed" in text(blocks)


def test_without_a_catalog_the_address_in_s3_is_shown():
    blocks = canvas(1, host="").blocks("etr_1", STORED)
    assert "`s3://packages/benchling/EXP1/`" in text(blocks)
    assert text(blocks, "files").endswith("- `dir/file '0'.csv` (0 bytes)")


@pytest.mark.parametrize(
    ("page", "shown", "pagers"),
    [
        (0, "page 1 of 3", ["browse-files-etr_1-p1-s20"]),
        (2, "page 2 of 3", ["browse-files-etr_1-p0-s20", "browse-files-etr_1-p2-s20"]),
        (3, "page 3 of 3", ["browse-files-etr_1-p1-s20"]),
        (999_999, "page 3 of 3", ["browse-files-etr_1-p1-s20"]),
    ],
)
def test_many_files_come_in_pages(page, shown, pagers):
    blocks = canvas(FILES_A_PAGE * 2 + 1).blocks("etr_1", STORED, page)
    assert shown in text(blocks, "files")
    assert buttons(blocks) == [*pagers, "update-package-etr_1"]


def test_while_an_export_runs_the_files_stay_and_the_button_works():
    blocks = canvas().blocks("etr_1", status(state="running"))
    assert "running since 2027-01-15 08:00 UTC" in text(blocks)
    assert text(blocks, "files")
    assert [it["enabled"] for it in blocks if it["type"] == "BUTTON"] == [True]


def test_an_update_that_was_asked_for_is_shown_until_it_begins():
    asked = status(requested_at=AT + 60)
    assert "**Update** asked for 2027-01-15 08:01 UTC" in text(canvas().blocks("etr_1", asked))
    for later in ({"state": "running"}, {"read_at": AT + 61}, {"failed_at": AT + 61}):
        blocks = canvas().blocks("etr_1", status(requested_at=AT + 60, **later))
        assert "asked for" not in text(blocks)


def test_failed_export_shows_reason_and_links_old_package():
    value = text(canvas().blocks("etr_1", status(state="failed", reason="a `reason`\nof theirs")))
    assert "benchling/EXP1" in value
    assert value.endswith("failed 2027-01-15 08:00 UTC: `a 'reason'?of theirs`")


def test_files_left_out_are_listed():
    missing = [LeftOut(f"bad {number}`", "is encrypted") for number in range(12)]
    value = text(canvas(left_out=missing).blocks("etr_1", STORED), "left-out")
    assert value.startswith("Not in the package, 12:\n\n- `bad 0'`: is encrypted")
    assert "bad 10" not in value
    assert "`input.json`" in value


def test_a_canvas_is_drawn_without_the_files_that_cannot_be_read():
    def refuse(_):
        raise ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")

    blocks = Canvas(Catalog("packages"), refuse).blocks("etr_1", STORED)
    assert "packaged" in text(blocks)
    assert buttons(blocks) == ["update-package-etr_1"]


@pytest.mark.parametrize(
    ("message", "request_"),
    [
        ({"type": "v2.canvas.created", "canvasId": "cnvs_1"}, CanvasRequest("", "cnvs_1")),
        ({"type": "v2-beta.canvas.created", "canvasId": "cnvs_1"}, CanvasRequest("", "cnvs_1")),
        (
            {"type": "v2.canvas.initialized", "resourceId": "etr_1", "featureId": "f"},
            CanvasRequest("etr_1", "", "f"),
        ),
        (
            {"type": "v2.canvas.userInteracted", "canvasId": "c", "buttonId": "page-12:etr_1"},
            CanvasRequest("etr_1", "c", page=12),
        ),
        ({"type": "v2.canvas.userInteracted", "canvasId": "c", "buttonId": "x"}, None),
        ({"type": "v2.canvas.archived"}, None),
    ],
)
def test_what_a_canvas_asks_for(message, request_):
    assert canvas_request(message) == request_


@pytest.mark.parametrize("canvas_id", [None, "", 7, "a b", "é", "x" * 101])
def test_an_id_that_cannot_be_one_is_named(canvas_id):
    with pytest.raises(EventError, match="canvasId"):
        canvas_request({"type": "v2.canvas.created", "canvasId": canvas_id})


def test_files_that_no_quilt_stack_reads_are_stored_and_not_handed_over():
    alone = Canvas(Catalog("packages", connected=False), lambda _: record(2, ()))
    shown = text(alone.blocks("etr_1", status(state="handed to Quilt")))
    assert "stored 2027-01-15 08:00 UTC, 2 files; no Quilt stack is connected" in shown
    assert "handed to Quilt" not in shown
