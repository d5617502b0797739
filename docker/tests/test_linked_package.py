"""A linked package is browsed on the canvas; what isn't linked to the entry is refused."""

import json

import pytest

from src.canvas.canvas import Canvas
from src.canvas.catalog import Catalog
from src.canvas.linked_package import LinkedPackage
from src.export.export_status import ExportStatus
from src.queues.buttons import tokens_of
from src.queues.canvas_request import canvas_request, linked_button
from src.queues.canvas_view import CanvasView, LinkedView
from src.queues.package_name import PackageName
from src.store.export_record import Kind, Record, StoredObject
from src.store.manifests import Manifest, ManifestError, PackageFile

from .canvas_packages import REFUSED, Manifests, Packages

TOP_HASH = "ab" * 32
MANIFEST = Manifest(TOP_HASH, {"experiment_id": "EXP1"}, (PackageFile("a b.csv", 1234),), 2, 3)
LINKED = {"display_id": "EXP1", "linked_at": 1, "linked": '["lab/b", "benchling/EXP1"]'}


def drawn(view, manifests=None, host="q.example.com", **values):
    """Return what a canvas shows, by the blocks' IDs, and its buttons' IDs by their texts."""
    catalog = Catalog("acme-packages", host)
    linked = LinkedPackage(manifests or Manifests(MANIFEST), catalog)
    files = [StoredObject(f"{it}", f"{it}", 1, 1, Kind.FILE, '"e"') for it in range(60)]
    canvas = Canvas(catalog, Packages(Record(tuple(files))), lambda: 9, "experiment_id", linked)
    status = ExportStatus(**{"package_name": "benchling/EXP1", **LINKED, **values})
    blocks = canvas.blocks("etr_1", status, view)
    buttons = {it["text"]: it["id"] for block in blocks for it in block.get("children", ())}
    return {it["id"]: it.get("value") for it in blocks}, buttons


def pressed(button):
    message = {"type": "v2.canvas.userInteracted", "canvasId": "c", "buttonId": button}
    return canvas_request(message).view


def test_each_linked_package_has_a_button():
    names = [f"lab/{it}" for it in range(12)]
    _, buttons = drawn(CanvasView(), linked=json.dumps(["benchling/EXP1", *names]))
    browse = {text: it for text, it in buttons.items() if text.startswith("Browse ")}
    assert list(browse) == [f"Browse {it}" for it in names[:10]]
    assert pressed(browse["Browse lab/3"]) == CanvasView(linked=LinkedView("lab--3"))


def test_files_of_a_linked_package_and_the_ways_from_there():
    manifests = Manifests(MANIFEST)
    blocks, buttons = drawn(CanvasView(3, linked=LinkedView("lab--b", 2)), manifests)
    assert manifests.asked == [("acme-packages", "lab/b", 2, 20)]
    root = f"https://q.example.com/b/acme-packages/packages/lab/b/tree/{TOP_HASH}"
    assert blocks["linked-package"] == f"**Linked package** [lab/b]({root})"
    assert f"Files, page 2 of 3:\n\n- [`a b.csv`]({root}/a%20b.csv) (1,234 " in blocks["files"]
    assert "benchling/EXP1" in blocks["state"]
    assert {text: pressed(it) for text, it in buttons.items()} == {
        "Previous files": CanvasView(linked=LinkedView("lab--b", 1)),
        "More files": CanvasView(linked=LinkedView("lab--b", 3)),
        "View metadata": CanvasView(linked=LinkedView("lab--b", 2, metadata=True)),
        "Back to package": CanvasView(3),
        "Update package": None,
    }


def test_metadata_of_a_linked_package():
    view = CanvasView(3, linked=LinkedView("lab--b", 2, metadata=True))
    blocks, buttons = drawn(view)
    assert "- **experiment_id**: `EXP1`" in blocks["metadata"]
    assert "of its latest revision" in blocks["metadata"]
    assert pressed(buttons["Back to files"]) == CanvasView(linked=LinkedView("lab--b", 2))
    assert pressed(buttons["Back to package"]) == CanvasView(3)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "isn't linked to this entry"),
        ({"linked": "[]"}, "isn't linked to this entry"),
        ({"linked_at": 0, "linked": "[]"}, "being searched for"),
        ({"display_id": "", "linked": "[]"}, "after the entry's first export"),
    ],
)
@pytest.mark.parametrize("token", ["lab--other", "lab--b.", "..--..", "lab-b"])
def test_package_that_is_not_linked_is_refused(token, values, said):
    manifests = Manifests(MANIFEST)
    blocks, buttons = drawn(CanvasView(2, linked=LinkedView(token)), manifests, **values)
    assert manifests.asked == []
    assert said in blocks["linked-package"]
    assert token not in str(blocks)
    assert pressed(buttons["Back to package"]) == CanvasView(2)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(REFUSED, "SlowDown"), (ManifestError("the package has no revision"), "no revision")],
)
def test_manifest_that_cannot_be_read_is_told(capsys, fault, reason):
    view = CanvasView(2, linked=LinkedView("lab--b", 4))
    blocks, buttons = drawn(view, Manifests(fault), host="")
    assert "`lab/b`\n\nIts files can't be read now" in blocks["linked-package"]
    assert pressed(buttons["Try again"]) == CanvasView(linked=LinkedView("lab--b", 4))
    assert reason in capsys.readouterr().out


def test_more_files_than_are_read_and_none():
    cut = Manifest(TOP_HASH, {}, MANIFEST.files, cut=True)
    view = CanvasView(linked=LinkedView("lab--b"))
    assert "more files, which the catalog" in drawn(view, Manifests(cut))[0]["files"]
    assert drawn(view, Manifests(Manifest(TOP_HASH)))[0]["files"].endswith("- none")


@pytest.mark.parametrize("name", ["a/b", "a--b/c", "a/b--c", "a-/b", "a/-b", "ä/_-pkg-_"])
def test_names_come_back_from_buttons(name):
    others = ["a/b--c", "a--b/c", "a-/b", "a/-b"]
    view = pressed(linked_button(PackageName(name), 2, "etr_1"))
    found = [it for it in {name, *others} if view.linked.token in tokens_of(PackageName(it))]
    assert (found, view.linked.page) == ([name], 2)


def test_deep_metadata_is_shown():
    deep = json.loads("[" * 900 + "]" * 900)
    manifest = Manifest(TOP_HASH, {"deep": {"a": deep}, "web_url": "https://x/\ud800"})
    view = CanvasView(linked=LinkedView("lab--b", metadata=True))
    assert "deep" in drawn(view, Manifests(manifest))[0]["metadata"]
