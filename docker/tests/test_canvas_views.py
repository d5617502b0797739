"""A canvas keeps the view that somebody has chosen on it, whatever happens meanwhile."""

import json
import time

import pytest

from src.queues.canvas_view import CanvasView
from src.store.export_record import Kind, Record, StoredObject

from .benchling_server import many_files, zip_of
from .test_manifests import line, put

pytestmark = pytest.mark.slow


def test_the_page_is_kept_while_an_export_runs_and_after_it(stage):
    stage.server.zip = many_files()
    stage.send()
    stage.next()
    stage.press("browse-files-etr_1-p1-s20")
    stage.draw()
    stage.server.drawn.clear()
    stage.press("update-package-etr_1", webhook_id="wh_d")
    stage.draw()
    # By the press itself, and by the change that it has made.
    assert len(stage.server.drawn) > 1
    assert all("page 2 of" in str(it["blocks"]) for it in stage.server.drawn)
    assert "**Update** asked for" in stage.shown()
    stage.server.zip = zip_of({"one.txt": b"x"})
    stage.next()
    stage.draw()
    # Fewer files have fewer pages; with more of them the page is there again.
    assert "page 1 of 1" in stage.shown("files")
    stage.server.zip = many_files()
    stage.press("update-package-etr_1", webhook_id="wh_e")
    stage.draw()
    stage.next()
    stage.draw()
    assert "page 2 of 2" in stage.shown("files")


def test_the_metadata_stays_on_the_canvas_until_somebody_goes_back(stage):
    stage.server.zip = many_files()
    stage.send()
    stage.next()
    stage.press("view-metadata-etr_1-p1-s20")
    stage.draw()
    assert "- **name**: `Buffer test`" in stage.shown("metadata")
    assert stage.shown("files") is None
    stage.press("update-package-etr_1", webhook_id="wh_d")
    stage.draw()
    stage.next()
    stage.confirm()
    stage.draw()
    assert "packaged" in stage.shown()
    assert "- **display_id**: `EXP1`" in stage.shown("metadata")
    assert json.loads(stage.server.drawn[-1]["data"]) == {"page": 2, "metadata": True}
    stage.press("browse-files-etr_1-p1-s20", webhook_id="wh_e")
    stage.draw()
    assert stage.shown("metadata") is None
    assert "page 2 of 2" in stage.shown("files")


@pytest.mark.parametrize("content", [None, b"[]", b"{", b"[" * 100_000])
def test_metadata_that_somebody_has_replaced_is_said_to_be_missing(stage, content):
    stage.send()
    stage.next()
    key = {"Bucket": "packages", "Key": "benchling/EXP1/entry.json"}
    if content is None:
        stage.s3.delete_object(**key)
    else:
        stage.s3.put_object(**key, Body=content)
    stage.press("view-metadata-etr_1-p0-s20")
    stage.draw()
    assert "isn't in the package" in stage.shown("metadata")


def test_a_linked_package_stays_on_the_canvas_and_leads_back_to_the_page(stage):
    stage.server.zip = many_files()
    stage.send()
    stage.next()
    found = {"linked": '["lab/b"]', "linked_at": time.time()}
    stage.statuses.change("etr_1", lambda _: found, shown=False)
    put(stage, [line(f"{it:02}.csv") for it in range(30)])
    stage.press("browse-files-etr_1-p1-s20")
    stage.press("browse-linked-etr_1-pkg-lab--b-p1-s20", webhook_id="wh_d")
    stage.draw()
    assert "page 2 of 2" in stage.shown("files")
    assert "29.csv" in stage.shown("files")
    stage.press("update-package-etr_1", webhook_id="wh_e")
    stage.draw()
    assert "[lab/b]" in stage.shown("linked-package")
    linked = {"token": "lab--b", "page": 2, "metadata": False}
    assert json.loads(stage.server.drawn[-1]["data"]) == {"page": 2, "linked": linked}
    buttons = next(it for it in stage.server.drawn[-1]["blocks"] if it["id"] == "buttons")
    back = next(it["id"] for it in buttons["children"] if it["text"] == "Back to package")
    stage.press(back, webhook_id="wh_f")
    stage.draw()
    assert stage.shown("linked-package") is None
    assert "page 2 of 2" in stage.shown("files")


def test_a_canvas_that_the_last_release_has_recorded_is_read(stage):
    stage.statuses.change("etr_1", lambda _: {"canvases": '{"cnvs_1": 3}'}, shown=False)
    assert stage.statuses.read("etr_1").known_canvases == {"cnvs_1": CanvasView(3)}


def test_a_file_of_the_metadatas_name_is_not_taken_for_it():
    theirs = StoredObject("export/entry.json", "entry.json", 1, 1, Kind.FILE, '"e"')
    ours = StoredObject("entry.json", "entry.json", 1, 1, Kind.DOCUMENT, '"e"')
    assert Record((theirs, ours)).document("entry.json") == "entry.json"
    assert Record((theirs,)).document("entry.json") == ""
