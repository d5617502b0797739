"""What a canvas says where entries aren't exported."""

import pytest

from src.canvas.catalog import Catalog
from src.canvas.linked_canvas import LinkedCanvas
from src.canvas.linked_package import LinkedPackage
from src.export.export_status import ExportStatus
from src.queues.canvas_view import FIRST_VIEW, CanvasView, LinkedView
from src.runtime.version import VERSION
from src.store.manifests import Manifest

from .canvas_packages import REFUSED, Manifests

AT = 1_800_000_000
RAW = '["quilt+s3://acme-raw#package=lab/b", "lab/of-a-former-bucket"]'
FOUND = {"display_id": "EXP1", "linked": RAW, "linked_at": AT, "entry_at": AT - 9}
# What exports have left, before they were turned off.
EXPORTED = {"state": "packaged", "package_name": "benchling/EXP1", "files": 2, "read_at": AT}


def drawn(view=FIRST_VIEW, manifests=None, **values):
    catalog = Catalog("", "q.example.com", linked_buckets=("acme-raw",))
    linked = LinkedPackage(manifests or Manifests(Manifest("ab" * 32)), catalog, exports=False)
    canvas = LinkedCanvas(catalog, linked, "experiment_id", lambda: AT + 60)
    blocks = canvas.blocks("etr_1", ExportStatus(**values), view)
    buttons = {it["text"]: it["id"] for block in blocks for it in block.get("children", ())}
    return {it["id"]: it.get("value") for it in blocks}, buttons


def test_linked_packages_and_no_package_of_its_own():
    blocks, buttons = drawn(**FOUND, **EXPORTED)
    assert blocks["state"] == (
        "**Entry** `EXP1`\n\n**Search** for linked packages: done 2027-01-15 08:00 UTC"
    )
    assert "[lab/b (acme-raw)](https://q.example.com/b/acme-raw/packages/" in blocks["linked"]
    assert buttons["Search again"] == "update-package-etr_1"
    assert list(buttons) == ["Browse lab/b (acme-raw)", "Search again"]
    version = f"benchling-webhook {VERSION}"
    assert blocks["footer"] == f"*Search done · {version} · drawn 2027-01-15 08:01 UTC*"
    for absent in ("Package**", "Export", "benchling/EXP1", "former-bucket"):
        assert absent not in str(blocks)


@pytest.mark.parametrize("view", [CanvasView(3), CanvasView(2, metadata=True)])
def test_views_of_a_package_of_its_own_are_the_list(view):
    assert drawn(view, **FOUND) == drawn(**FOUND)


@pytest.mark.parametrize(
    ("values", "says", "state"),
    [
        ({}, "linked packages: none yet", "none yet"),
        (
            {"requested_at": AT},
            "none yet\n\n**Search** asked for 2027-01-15 08:00 UTC",
            "none yet",
        ),
        (
            {**FOUND, "linked_reason": "Athena failed: x"},
            "linked packages: failed 2027-01-15 08:00 UTC",
            "failed",
        ),
        (
            {**FOUND, "requested_at": AT + 60},
            "done 2027-01-15 08:00 UTC\n\n**Search** asked for 2027-01-15 08:01 UTC",
            "done",
        ),
        (
            {"entry_at": AT, "entry_reason": "the entry: Benchling answered `403`"},
            "failed 2027-01-15 08:00 UTC: `the entry: Benchling answered '403'`",
            "failed",
        ),
        (
            {"entry_at": AT, "entry_reason": "x", "requested_at": AT - 1},
            "failed 2027-01-15 08:00 UTC: `x`",
            "failed",
        ),
    ],
)
def test_the_state_of_the_search(values, says, state):
    blocks, buttons = drawn(**values)
    assert blocks["state"].endswith(says)
    assert blocks["footer"].startswith(f"*Search {state} ·")
    assert "Search again" in buttons


def test_a_linked_package_and_the_way_back_to_the_list():
    blocks, buttons = drawn(CanvasView(linked=LinkedView("acme-raw..lab--b")), **FOUND)
    assert "lab/b (acme-raw)" in blocks["linked-package"]
    assert list(buttons) == ["View metadata", "Back to linked packages", "Search again"]
    assert buttons["Back to linked packages"] == "browse-files-etr_1-p0-s20"


@pytest.mark.parametrize(
    ("values", "says"),
    [(FOUND, "isn't linked to this entry"), ({}, "searched for after the entry was read")],
)
def test_a_package_of_a_former_bucket_is_not_read(values, says):
    manifests = Manifests(REFUSED)
    view = CanvasView(linked=LinkedView("lab--of-a-former-bucket"))
    blocks, _ = drawn(view, manifests, **values)
    assert says in blocks["linked-package"]
    assert manifests.asked == []
