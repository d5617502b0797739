"""Canvases where nothing is exported: an event is read, searched for, and drawn."""

import json

import pytest

from src.canvas import linked_packages
from src.queues.package_name import PackageName

from .benchling_server import entry
from .test_linked_package import TOP_HASH
from .test_manifests import line

pytestmark = pytest.mark.slow


def test_an_event_is_read_searched_for_and_drawn(linked):
    linked.send()
    assert linked.next()
    linked.draw()
    assert linked.search.asked == ["EXP1"]
    assert "**Search** for linked packages: done" in linked.shown()
    root = "https://quilt.example.com/b/acme-raw/packages/lab/b/tree/latest"
    assert f"- [lab/b (acme-raw)]({root})" in linked.shown("linked")
    status = linked.statuses.read("etr_1")
    assert (status.display_id, status.package_name, status.state) == ("EXP1", "", "")
    assert status.linked == '["quilt+s3://acme-raw#package=lab/b"]'
    assert linked.item("webhook#wh_1")["state"]["S"] == "done"
    assert linked.waiting() == linked.waiting("canvas.fifo") == [0, 0]
    assert linked.files("") == {}
    assert linked.calls == []


def test_an_entry_without_a_canvas_is_searched_for_when_it_has_one(linked):
    linked.server.canvases.clear()
    linked.send()
    linked.next()
    linked.draw()
    assert linked.search.asked == []
    linked.ask("created", entry_id="", canvasId="cnvs_1", featureId="f")
    linked.draw()
    linked.next()
    linked.draw()
    assert linked.search.asked == ["EXP1"]
    assert "lab/b" in linked.shown("linked")


def test_the_button_searches_again_at_once(linked):
    linked.send()
    linked.next()
    linked.draw()
    linked.send("wh_2")
    linked.next()
    linked.draw()
    # What was found a moment ago is not asked for by an edit.
    assert linked.search.asked == ["EXP1"]
    linked.search.found = [PackageName("lab/c", "acme-more")]
    buttons = next(it for it in linked.server.drawn[-1]["blocks"] if it["id"] == "buttons")
    (again,) = (it["id"] for it in buttons["children"] if it["text"] == "Search again")
    linked.press(again)
    linked.draw()
    assert linked.search.asked == ["EXP1", "EXP1"]
    assert "[lab/c (acme-more)]" in linked.shown("linked")
    assert linked.next()
    linked.draw()
    assert len(linked.search.asked) == 2
    assert "asked for" not in linked.shown()


def test_another_display_id_is_searched_for_anew(linked):
    linked.send()
    linked.next()
    linked.draw()
    linked.server.entries["etr_1"] = entry("etr_1", "EXP2")
    linked.search.found = []
    linked.send("wh_2")
    linked.next()
    assert linked.statuses.read("etr_1").linked == "[]"
    linked.draw()
    assert linked.search.asked == ["EXP1", "EXP2"]
    assert linked.shown("linked").endswith("none")


def test_files_of_a_linked_package_are_browsed_in_its_bucket(linked):
    linked.s3.create_bucket(Bucket="acme-raw")
    head = json.dumps({"version": "v0", "user_meta": {"experiment_id": "EXP1"}})
    for key, content in {
        ".quilt/named_packages/lab/b/latest": TOP_HASH,
        f".quilt/packages/{TOP_HASH}": f"{head}\n{line('raw.csv')}\n",
    }.items():
        linked.s3.put_object(Bucket="acme-raw", Key=key, Body=content.encode())
    linked.send()
    linked.next()
    linked.draw()
    rows = next(it for it in linked.server.drawn[-1]["blocks"] if it["id"] == "linked-buttons")
    linked.press(rows["children"][0]["id"])
    linked.draw()
    assert "raw.csv" in linked.shown("files")
    assert f"/b/acme-raw/packages/lab/b/tree/{TOP_HASH}" in linked.shown("linked-package")
    assert set(linked.calls) == {"ListObjectsV2", "GetObject"}


def test_a_failed_search_is_told(linked, monkeypatch):
    def failing(_):
        raise linked_packages.SearchError("Athena failed: no view")

    monkeypatch.setattr(linked.search, "result", failing)
    linked.send()
    linked.next()
    linked.draw()
    assert "**Search** for linked packages: failed" in linked.shown()
    assert "Athena failed: no view" in linked.shown("linked")
