"""What a canvas says in every state of an export."""

from urllib.parse import quote

import pytest

from src.canvas.canvas import FILES_A_PAGE, Canvas
from src.canvas.catalog import MAX_URL, Catalog
from src.canvas.metadata_text import TEXT_SHOWN
from src.export.export_status import ExportStatus
from src.queues.canvas_request import CanvasRequest, EventError, canvas_request
from src.queues.canvas_view import CanvasView
from src.runtime.version import VERSION
from src.store.archive import LeftOut
from src.store.export_record import Kind, Record, StoredObject

from .canvas_packages import REFUSED, Packages

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


def canvas(count=2, host="quilt.example.com", left_out=(), metadata=None):
    packages = Packages(record(count, left_out), metadata)
    return Canvas(Catalog("packages", host), packages, lambda: AT)


def text(blocks, name="state"):
    return next((it["value"] for it in blocks if it["id"] == name), None)


def buttons(blocks):
    """The buttons that can be pressed, which are in one row."""
    (row,) = (it for it in blocks if it["type"] == "SECTION")
    return [it["id"] for it in row["children"] if it["enabled"]]


def status(**values):
    return ExportStatus(**{**vars(STORED), **values})


def test_an_entry_without_an_export():
    blocks = canvas().blocks("etr_1", ExportStatus())
    assert text(blocks) == "**Entry** `etr_1`\n\n**Export** none yet"
    assert buttons(blocks) == ["update-package-etr_1"]


def test_a_package_and_its_files_are_linked_at_their_revision():
    blocks = canvas().blocks("etr_1", STORED)
    package = "https://quilt.example.com/b/packages/packages/benchling/EXP1"
    revision = f"{package}/tree/abc"
    uri = "quilt+s3://packages#package=benchling/EXP1:latest"
    assert text(blocks) == (
        "**Entry** `EXP1`\n\n"
        f"**Package** [benchling/EXP1]({revision})"
        f" · [Revise package]({package}?action=revisePackage)"
        f" · [Open in QuiltSync]({redirect(uri)})"
        " · [Search for EXP1](https://quilt.example.com/b/packages/search?q=%22EXP1%22)\n\n"
        "**Export** packaged 2027-01-15 08:00 UTC, 2 files"
    )
    lines = text(blocks, "files").splitlines()
    assert lines[0] == "Files, page 1 of 1:"
    assert lines[3] == (
        f"- [`dir/file '1'.csv`]({revision}/dir/file%20%601%60.csv) (1,000 bytes)"
        f" · [sync]({redirect(f'{uri}&path=dir%2Ffile%20%601%60.csv')})"
    )


def redirect(uri):
    return f"https://quilt.example.com/redir/{quote(f'{uri}&catalog=quilt.example.com', safe='')}"


def test_a_path_that_makes_the_link_too_long_has_none():
    catalog = Catalog("packages", "quilt.example.com")
    assert "[sync]" in catalog.file("benchling/EXP1", "", "x" * 800, 1)
    assert "[sync]" not in catalog.file("benchling/EXP1", "", "é" * (MAX_URL // 10), 1)


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
        (-1, "page 1 of 3", ["browse-files-etr_1-p1-s20"]),
        (0, "page 1 of 3", ["browse-files-etr_1-p1-s20"]),
        (2, "page 2 of 3", ["browse-files-etr_1-p0-s20", "browse-files-etr_1-p2-s20"]),
        (3, "page 3 of 3", ["browse-files-etr_1-p1-s20"]),
        (999_999, "page 3 of 3", ["browse-files-etr_1-p1-s20"]),
    ],
)
def test_many_files_come_in_pages(page, shown, pagers):
    blocks = canvas(FILES_A_PAGE * 2 + 1).blocks("etr_1", STORED, CanvasView(page))
    assert shown in text(blocks, "files")
    metadata = f"view-metadata-etr_1-p{int(shown[5]) - 1}-s20"
    assert buttons(blocks) == [*pagers, metadata, "update-package-etr_1"]


def test_buttons_keep_their_places_while_pages_are_turned():
    places = []
    for page in (1, 2, 3):
        blocks = canvas(FILES_A_PAGE * 3).blocks("etr_1", STORED, CanvasView(page))
        (row,) = (it for it in blocks if it["type"] == "SECTION")
        places.append([it["text"] for it in row["children"]])
        assert len({it["id"] for it in row["children"]}) == len(row["children"])
    assert places == [["Previous files", "More files", "View metadata", "Update package"]] * 3


METADATA = {
    "authors": ["Ada <ada@ent_1>", "Bob `<b@ent_2>`"],
    "created_at": "2026-01-02T03:04:05+00:00",
    "creator": "Ada <ada@ent_1>",
    "display_id": "EXP1",
    "entry_id": "etr_1",
    "files": [{"path": f"{number}.csv", "size": 5000} for number in range(12)],
    "links": [{"type": "user", "id": "ent_2", "name": None, "slug": "bob"}],
    "modified_at": None,
    "name": "",
    "schema": "**bold**",
    "web_url": "https://acme.benchling.com/a/etr_1-x)(y/edit",
}


def test_the_metadata_is_shown_with_a_way_back_to_the_page():
    shown = canvas(FILES_A_PAGE * 3, metadata=METADATA)
    blocks = shown.blocks("etr_1", STORED, CanvasView(3, metadata=True))
    assert text(blocks, "metadata").splitlines()[2:] == [
        "- **display_id**: `EXP1`",
        "- **name**: none",
        "- **entry_id**: `etr_1`",
        "- **authors**: 2",
        "  - `Ada <ada@ent_1>`",
        "  - `Bob '<b@ent_2>'`",
        "- **creator**: `Ada <ada@ent_1>`",
        "- **created_at**: `2026-01-02T03:04:05+00:00`",
        "- **modified_at**: none",
        "- **schema**: `**bold**`",
        "- **web_url**: [`https://acme.benchling.com/a/etr_1-x)(y/edit`]"
        "(https://acme.benchling.com/a/etr_1-x%29%28y/edit)",
        "- **links**: 1",
        "  - `user` `ent_2` `bob`",
        "- **files**: 12",
        *[f"  - `{number}.csv` 5,000" for number in range(10)],
        "  - and more, which `entry.json` of the package has",
    ]
    assert text(blocks, "files") is None
    assert buttons(blocks) == ["browse-files-etr_1-p2-s20", "update-package-etr_1"]


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", "http://acme.example", "https://[", True, "no page"]
)
def test_what_is_no_web_page_of_benchlings_is_no_link(value):
    blocks = canvas(metadata={"web_url": value}).blocks("etr_1", STORED, CanvasView(metadata=True))
    assert text(blocks, "metadata").splitlines()[2:] == [f"- **web_url**: `{value}`"]


def test_metadata_of_any_form_is_bounded_and_literal():
    odd = {"a\nb`": [{"x": {"y": None}}, [], {}], "long": "x" * 5000}
    blocks = canvas(metadata=odd).blocks("etr_1", STORED, CanvasView(metadata=True))
    assert text(blocks, "metadata").splitlines()[2:] == [
        "- `a?b'`: 3",
        "  - none",
        "  - `[]`",
        "  - none",
        f"- **long**: `{'x' * TEXT_SHOWN}`",
    ]


@pytest.mark.parametrize(("metadata", "says"), [(None, "isn't in"), (REFUSED, "can't be read")])
def test_metadata_that_is_not_there_or_not_read_is_said(metadata, says):
    blocks = canvas(metadata=metadata).blocks("etr_1", STORED, CanvasView(2, metadata=True))
    assert says in text(blocks, "metadata")
    assert buttons(blocks) == ["browse-files-etr_1-p0-s20", "update-package-etr_1"]


@pytest.mark.parametrize(
    ("state", "connected", "says"),
    [
        ("", True, "none yet"),
        ("running", True, "running"),
        ("packaged", True, "packaged"),
        ("handed to Quilt", True, "handed to Quilt"),
        ("handed to Quilt", False, "stored"),
    ],
)
def test_the_footer_says_the_state_the_version_and_the_time(state, connected, says):
    catalog = Catalog("packages", connected=connected)
    blocks = Canvas(catalog, Packages(record(1)), lambda: AT).blocks("etr_1", status(state=state))
    version = f"benchling-webhook {VERSION}"
    assert text(blocks, "footer") == f"*Export {says} · {version} · drawn 2027-01-15 08:00 UTC*"
    assert blocks[-1]["id"] == "footer"


def test_while_an_export_runs_the_files_stay_and_the_button_works():
    blocks = canvas().blocks("etr_1", status(state="running"))
    assert "running since 2027-01-15 08:00 UTC" in text(blocks)
    assert text(blocks, "files")
    assert buttons(blocks) == ["view-metadata-etr_1-p0-s20", "update-package-etr_1"]


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
    blocks = Canvas(Catalog("packages"), Packages(REFUSED)).blocks("etr_1", STORED)
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
            CanvasRequest("etr_1", "c", view=CanvasView(12)),
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
    alone = Canvas(Catalog("packages", connected=False), Packages(record(2)))
    shown = text(alone.blocks("etr_1", status(state="handed to Quilt")))
    assert "stored 2027-01-15 08:00 UTC, 2 files; no Quilt stack is connected" in shown
    assert "handed to Quilt" not in shown
