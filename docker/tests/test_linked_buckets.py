"""Linked packages of several buckets: searched by one query, and browsed where they are."""

import json

import pytest

from src.canvas.catalog import Catalog
from src.canvas.linked_package import LinkedPackage
from src.canvas.linked_packages import linked_text
from src.canvas.package_search import Views
from src.export.export_status import ExportStatus
from src.queues.buttons import tokens_of
from src.queues.canvas_request import linked_button
from src.queues.canvas_view import CanvasView, LinkedView
from src.queues.package_name import PackageName
from src.store.manifests import Manifest, Manifests, PackageFile

from . import canvas_packages
from .test_linked_package import TOP_HASH, pressed
from .test_linked_packages import VIEWS, Rig
from .test_manifests import line

RAW_URI = "quilt+s3://acme-raw#package=lab/b"
STATUS = {"display_id": "EXP1", "linked_at": 1, "package_name": "benchling/EXP1"}


def one(bucket, view):
    return (
        f'SELECT DISTINCT pkg_name, \'{bucket}\' AS bucket FROM "lake"."{view}" WHERE timestamp ='
        " 'latest' AND json_extract_scalar(user_meta, '$.experiment_id') = ?"
    )


def query(*selects):
    every = " UNION ALL ".join(selects)
    return f"SELECT pkg_name, bucket FROM ({every}) ORDER BY pkg_name, bucket LIMIT 100"


BOTH = query(
    one("acme-packages", "acme-packages_packages-view"), one("acme-raw", "acme-raw_packages-view")
)


def searched(monkeypatch, views, wanted, rows, display_id="EXP1"):
    """Have a search find rows; return what the status then has."""
    rig = Rig(monkeypatch, views, display_id=display_id)
    literal = "'" + display_id.replace("'", "''") + "'"
    request = {
        "QueryString": wanted,
        "ExecutionParameters": [literal] * wanted.count("?"),
        "WorkGroup": "lab",
    }
    rig.athena.add_response("start_query_execution", {"QueryExecutionId": "q"}, request)
    rig.is_in("SUCCEEDED")
    cells = [{"Data": [{"VarCharValue": it} for it in row]} for row in rows]
    rig.athena.add_response("get_query_results", {"ResultSet": {"Rows": [{"Data": []}, *cells]}})
    return json.loads(rig.refresh().linked)


def test_one_query_is_over_the_views_of_all_buckets(monkeypatch):
    views = Views("lake", "experiment_id", "acme-packages", ("acme-raw",))
    rows = [("lab/b", "acme-packages"), ("lab/b", "acme-raw"), ("no name](x", "acme-raw")]
    assert searched(monkeypatch, views, BOTH, rows) == ["lab/b", RAW_URI]


def test_without_a_package_bucket_every_package_is_kept_with_its_bucket(monkeypatch):
    views = Views("lake", "experiment_id", linked_buckets=("acme-raw",))
    wanted = query(one("acme-raw", "acme-raw_packages-view"))
    assert searched(monkeypatch, views, wanted, [("lab/b", "acme-raw")]) == [RAW_URI]


def test_quotes_stay_within_names_and_literals(monkeypatch):
    views = Views("lake", "experiment_id", "acme-packages", ("a'b\"c",))
    wanted = query(
        one("acme-packages", "acme-packages_packages-view"), one("a''b\"c", 'a\'b""c_packages-view')
    )
    assert searched(monkeypatch, views, wanted, [], "x' OR '1'='1") == []


def test_the_query_of_the_package_bucket_alone_has_no_other_column():
    assert VIEWS.query().startswith("SELECT DISTINCT pkg_name FROM")
    assert VIEWS.query().count("?") == 1


def test_result_of_an_earlier_display_id_is_not_kept(monkeypatch):
    rig = Rig(monkeypatch)

    def renamed(_):
        rig.statuses.status = ExportStatus(display_id="EXP2")
        return [PackageName("lab/of-exp1")]

    rig.starts()
    rig.linked._search.result = renamed
    assert rig.refresh() == ExportStatus(display_id="EXP2")


def canvas_of(manifests, host="q.example.com"):
    return LinkedPackage(manifests, Catalog("acme-packages", host, True, ("acme-raw",)))


def drawn(manifests, token, linked=(RAW_URI, "lab/b"), **view):
    status = ExportStatus(**STATUS, linked=json.dumps(linked))
    shown = LinkedView(token, **view)
    blocks, buttons = canvas_of(manifests).blocks(
        "etr_1", status, CanvasView(3, linked=shown), shown
    )
    return str(blocks), {it.text: pressed(it.id) for it in buttons}


def test_files_links_and_buttons_name_the_packages_own_bucket():
    manifests = canvas_packages.Manifests(Manifest(TOP_HASH, {}, (PackageFile("a.csv", 1),), 2, 3))
    blocks, buttons = drawn(manifests, "acme-raw..lab--b", page=2)
    assert manifests.asked == [("acme-raw", "lab/b", 2, 20)]
    root = f"https://q.example.com/b/acme-raw/packages/lab/b/tree/{TOP_HASH}"
    assert f"**Linked package** [lab/b (acme-raw)]({root})" in blocks
    assert f"[`a.csv`]({root}/a.csv)" in blocks
    assert "quilt%2Bs3%3A%2F%2Facme-raw%23package%3Dlab%2Fb%3Alatest%26path" in blocks
    assert "acme-packages" not in blocks
    linked = {text: view.linked for text, view in buttons.items()}
    assert linked == {
        "Previous files": LinkedView("acme-raw..lab--b", 1),
        "More files": LinkedView("acme-raw..lab--b", 3),
        "View metadata": LinkedView("acme-raw..lab--b", 2, metadata=True),
        "Back to package": None,
    }


def test_the_same_name_in_the_package_bucket_is_another_package():
    manifests = canvas_packages.Manifests(Manifest(TOP_HASH))
    drawn(manifests, "lab--b")
    assert manifests.asked == [("acme-packages", "lab/b", 1, 20)]


@pytest.mark.parametrize(
    "linked", [["quilt+s3://acme-old#package=lab/b"], ["quilt+s3://acme-packages#package=lab/b"]]
)
def test_a_bucket_that_is_not_set_any_more_is_not_read(linked):
    manifests = canvas_packages.Manifests(Manifest(TOP_HASH))
    package = PackageName.of(linked[0])
    blocks, _ = drawn(manifests, tokens_of(package)[0], linked)
    assert manifests.asked == []
    assert "isn't linked to this entry" in blocks
    status = ExportStatus(**STATUS, linked=json.dumps(linked))
    assert linked_text(status, Catalog("acme-packages"), "experiment_id").endswith(": none")
    assert canvas_of(manifests).buttons("etr_1", status) == []


@pytest.mark.parametrize("host", ["q.example.com", ""])
def test_the_list_says_the_other_bucket(host):
    own = "quilt+s3://acme-raw#package=benchling/EXP1"
    status = ExportStatus(**STATUS, linked=json.dumps(["benchling/EXP1", RAW_URI, own]))
    catalog = Catalog("acme-packages", host, linked_buckets=("acme-raw",))
    lines = linked_text(status, catalog, "experiment_id").splitlines()[2:]
    link = "({})".format("https://q.example.com/b/acme-raw/packages/lab/b/tree/latest")
    named = f"- [lab/b (acme-raw)]{link}" if host else "- `lab/b (acme-raw)`"
    assert lines[0] == named
    # The entry's own package is the package bucket's alone.
    assert len(lines) == 2
    (browse,) = canvas_of(None).buttons("etr_1", status)
    texts = [it["text"] for it in browse["children"]]
    assert texts == ["Browse lab/b (acme-raw)", "Browse benchling/EXP1 (acme-raw)"]


PACKAGES = [
    PackageName(name, bucket)
    for name in ("lab/b", "a/b--c", "a--b/c", "a-/b", "a/-b", "-a/b", "x-pkg-y/-p1-s20")
    for bucket in ("", "acme.raw", "acme-raw", "a-pkg-b", "lab", "a--b")
]


@pytest.mark.parametrize("package", PACKAGES, ids=str)
def test_a_package_comes_back_from_its_text_and_its_button(package):
    assert PackageName.of(str(package)) == package
    view = pressed(linked_button(package, 2, "etr_1"))
    found = [it for it in PACKAGES if view.linked.token in tokens_of(it)]
    assert (found, view.linked.page) == ([package], 2)


@pytest.mark.slow
def test_the_manifest_of_the_packages_own_bucket_is_read(stage):
    stage.s3.create_bucket(Bucket="acme-raw")
    for bucket, file in (("packages", "own.csv"), ("acme-raw", "raw.csv")):
        head = json.dumps({"version": "v0", "user_meta": {}})
        for key, content in {
            ".quilt/named_packages/lab/b/latest": TOP_HASH,
            f".quilt/packages/{TOP_HASH}": f"{head}\n{line(file)}\n",
        }.items():
            stage.s3.put_object(Bucket=bucket, Key=key, Body=content.encode())
    blocks, _ = drawn(Manifests(stage.s3, lambda: None), "acme-raw..lab--b")
    assert "raw.csv" in blocks
    assert "own.csv" not in blocks
