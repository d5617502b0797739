"""docs/canvas: the blocks of each view that docs/canvas.md pictures, as Benchling gets them.

UPDATE=1 writes them anew; `go test ./internal/canvaspicture -update` then draws them.
"""

import json
import os
from pathlib import Path

import pytest

from src.canvas.canvas import FILES_A_PAGE, Canvas
from src.canvas.catalog import Catalog
from src.canvas.linked_canvas import LinkedCanvas
from src.canvas.linked_package import LinkedPackage
from src.export.export_status import ExportStatus
from src.queues.canvas_view import CanvasView, LinkedView
from src.store.archive import LeftOut
from src.store.export_record import Kind, Record, StoredObject
from src.store.manifests import Manifest, PackageFile

from .benchling_api import ROOT, request_problems
from .canvas_packages import Manifests, Packages

DIRECTORY = Path(__file__).parents[2] / "docs" / "canvas"
AT = 1_800_000_000
TOP_HASH = "e2" * 32
PACKAGED = {
    "state": "packaged",
    "updated_at": AT,
    "display_id": "EXP1",
    "package_name": "benchling/EXP1",
    "files": 42,
    "read_at": AT,
    "top_hash": TOP_HASH,
}
# Where nothing is exported, an entry has no package of its own.
ALONE = {
    "display_id": "EXP1",
    "linked": '["quilt+s3://acme-raw#package=lab/gels", "quilt+s3://acme-qc#package=lab/gels"]',
    "linked_at": AT,
}
LINKED = {"linked": '["lab/gels", "lab/plates-7"]', "linked_at": AT}
# The second page of a linked package, which is its last.
PLATES = Manifest(
    "c4" * 32,
    files=tuple(PackageFile(f"plates/{number}.csv", 9_600) for number in range(20, 24)),
    page=2,
    pages=2,
)
NAMES = [f"images/gel {number:02}.png" for number in range(42)]
METADATA = {
    "authors": ["Ada <ada@ent_1>", "Bob <bob@ent_2>"],
    "created_at": "2026-01-02T03:04:05.678901+00:00",
    "creator": "Ada <ada@ent_1>",
    "display_id": "EXP1",
    "entry_id": "etr_1",
    "files": [{"path": name, "size": 48_000} for name in NAMES],
    "folder_id": "lib_1",
    "links": [{"type": "custom_entity", "id": "bfi_1", "name": "QB-2743.1", "slug": "qb-2743-1"}],
    "modified_at": "2026-01-03T03:04:05.678901+00:00",
    "name": "Buffer test",
    "schema": "Buffer assay",
    "web_url": "https://acme.benchling.com/acme/f/lib_1-notes/etr_1-buffer-test/edit",
}
MISSING = (LeftOut("../leads-out.sh", "leads out of the package"), LeftOut("a.doc", "is encrypted"))
# What each picture shows: the status, the view, and what isn't in the package.
VIEWS = {
    "new": ({}, CanvasView(), ()),
    "files": (PACKAGED, CanvasView(3), MISSING),
    "metadata": (PACKAGED, CanvasView(3, metadata=True), ()),
    "linked": ({**PACKAGED, **LINKED}, CanvasView(), ()),
    "linked-package": (
        {**PACKAGED, **LINKED},
        CanvasView(3, linked=LinkedView("lab--plates-7", 2)),
        (),
    ),
    "linked-only": (ALONE, CanvasView(), ()),
    "running": ({**PACKAGED, "state": "running"}, CanvasView(3), ()),
    "failed": (
        {**PACKAGED, "state": "failed", "reason": "the entry: Benchling answered 403"},
        CanvasView(3),
        (),
    ),
}


def blocks(values, view, left_out):
    if values is ALONE:
        catalog = Catalog("", "quilt.example.com", linked_buckets=("acme-raw", "acme-qc"))
        linked = LinkedPackage(Manifests(PLATES), catalog, exports=False)
        canvas = LinkedCanvas(catalog, linked, "experiment_id", lambda: AT + 60)
        return canvas.blocks("etr_1", ExportStatus(**values), view)
    objects = [StoredObject(name, name, 48_000, 1, Kind.FILE, '"e"') for name in NAMES]
    packages = Packages(Record(tuple(objects), tuple(left_out)), METADATA)
    catalog = Catalog("acme-packages", "quilt.example.com")
    linked = LinkedPackage(Manifests(PLATES), catalog) if "linked" in values else None
    canvas = Canvas(catalog, packages, lambda: AT + 60, "experiment_id", linked)
    return canvas.blocks("etr_1", ExportStatus(**values), view)


@pytest.mark.parametrize("name", VIEWS)
def test_each_pictured_view_is_as_it_is_drawn(name):
    drawn = blocks(*VIEWS[name])
    file = DIRECTORY / f"{name}.json"
    if os.environ.get("UPDATE"):
        file.write_text(json.dumps(drawn, indent=2, ensure_ascii=False) + "\n")
    assert json.loads(file.read_text()) == drawn
    body = json.dumps({"blocks": drawn, "enabled": True}).encode()
    path = f"{ROOT}/app-canvases/cnvs_1"
    assert request_problems("PATCH", path, "application/json", body) == []


def test_each_file_of_the_directory_is_of_a_view():
    assert {it.name for it in DIRECTORY.iterdir()} == {
        f"{name}.{kind}" for name in VIEWS for kind in ("json", "svg")
    }
    assert len(NAMES) > 2 * FILES_A_PAGE
