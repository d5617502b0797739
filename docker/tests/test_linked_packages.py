"""Packages that are linked to an entry are searched for beside the drawing, and kept."""

import json
import threading

import boto3
import pytest
from botocore.stub import Stubber

from src.canvas import linked_packages as module
from src.canvas.canvas import Canvas
from src.canvas.catalog import Catalog
from src.canvas.linked_package import LinkedPackage
from src.canvas.linked_packages import FRESH_SECONDS, QUERY_SECONDS, LinkedPackages, linked_text
from src.canvas.package_search import MAX_PACKAGES, PackageSearch, Views
from src.export.export_status import ExportStatus
from src.queues.canvas_view import CanvasView, LinkedView

from .canvas_packages import Packages

QUERY = (
    'SELECT DISTINCT pkg_name FROM "lake"."acme-packages_packages-view" WHERE timestamp = '
    "'latest' AND json_extract_scalar(user_meta, '$.experiment_id') = ?"
    " ORDER BY pkg_name LIMIT 100"
)


class Statuses:
    def __init__(self, **values):
        self.status, self.announced = ExportStatus(**{"display_id": "EXP1", **values}), 0

    def read(self, _):
        return self.status

    def change(self, _, change, *, shown=True):
        if values := change(self.status):
            self.status = ExportStatus(**{**vars(self.status), **values})
            self.announced += shown


VIEWS = Views("lake", "experiment_id", "acme-packages")


class Rig:
    """A search by a client that holds requests and responses against AWS's model."""

    def __init__(self, monkeypatch, views=VIEWS, **values):
        monkeypatch.setattr(module, "WAIT_SECONDS", 0)
        client = boto3.client(
            "athena", "eu-west-1", aws_access_key_id="emulator", aws_secret_access_key="key"
        )
        self.athena = Stubber(client)
        self.athena.activate()
        self.statuses, self.now = Statuses(**values), 1000.0
        search = PackageSearch(client, "lab", views)
        self.linked = LinkedPackages(search, self.statuses, threading.Event(), lambda: self.now)

    def starts(self, literal="'EXP1'"):
        request = {"QueryString": QUERY, "ExecutionParameters": [literal], "WorkGroup": "lab"}
        self.athena.add_response("start_query_execution", {"QueryExecutionId": "q"}, request)

    def is_in(self, state, reason="x"):
        status = {"State": state, "StateChangeReason": reason}
        self.athena.add_response(
            "get_query_execution",
            {"QueryExecution": {"Status": status}},
            {"QueryExecutionId": "q"},
        )

    def finds(self, *names):
        rows = [{"Data": [{"VarCharValue": it}]} for it in ("pkg_name", *names)]
        self.athena.add_response(
            "get_query_results",
            {"ResultSet": {"Rows": rows}},
            {"QueryExecutionId": "q", "MaxResults": MAX_PACKAGES + 1},
        )

    def refresh(self):
        self.linked.refresh("etr_1")
        self.athena.assert_no_pending_responses()
        return self.statuses.status


@pytest.fixture
def rig(monkeypatch):
    return Rig(monkeypatch)


def test_packages_are_found_kept_and_not_asked_for_again(rig):
    rig.starts()
    rig.is_in("SUCCEEDED")
    rig.finds("lab/b", "no name](https://evil)")
    assert json.loads(rig.refresh().linked) == ["lab/b"]
    assert rig.statuses.announced == 1
    rig.now += FRESH_SECONDS - 1
    rig.refresh()
    rig.now += 2
    rig.starts()
    rig.is_in("SUCCEEDED")
    rig.finds("lab/b")
    rig.refresh()
    assert rig.statuses.announced == 1


def test_quotes_of_the_value_stay_within_the_literal(monkeypatch):
    rig = Rig(monkeypatch, display_id="x' OR '1'='1")
    rig.starts("'x'' OR ''1''=''1'")
    rig.is_in("SUCCEEDED")
    rig.finds()
    assert rig.refresh().linked == "[]"


def test_running_query_is_taken_up_by_the_next_drawing(rig):
    rig.starts()
    rig.is_in("RUNNING")
    assert rig.refresh().linked_query == "q"
    assert rig.statuses.announced == 1
    rig.is_in("SUCCEEDED")
    rig.finds("lab/b")
    assert (rig.refresh().linked, rig.statuses.status.linked_query) == ('["lab/b"]', "")


def test_slow_query_is_stopped(rig):
    rig.starts()
    rig.is_in("QUEUED")
    rig.refresh()
    rig.now += QUERY_SECONDS
    rig.is_in("RUNNING")
    rig.athena.add_response("stop_query_execution", {}, {"QueryExecutionId": "q"})
    assert "took longer" in rig.refresh().linked_reason
    rig.refresh()


def test_failures_are_told_and_earlier_packages_stay(monkeypatch):
    rig = Rig(monkeypatch, linked='["lab/b"]')
    rig.starts()
    rig.is_in("FAILED", "no view\n")
    assert rig.refresh().linked_reason.startswith("Athena failed: no view")
    rig.now += FRESH_SECONDS
    rig.athena.add_client_error("start_query_execution", "AccessDeniedException")
    shown = linked_text(rig.refresh(), Catalog("acme-packages", "q.example.com"), "experiment_id")
    assert "StartQueryExecution answered AccessDeniedException" in shown
    assert "[lab/b](https://q.example.com/b/acme-packages/packages/lab/b/tree/latest)" in shown


def test_entry_without_a_display_id_is_not_searched_for(monkeypatch):
    Rig(monkeypatch, display_id="").refresh()


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({}, "being searched for"),
        ({"linked_at": 1}, ": none"),
        ({"linked_at": 1, "linked": '["lab/own"]', "package_name": "lab/own"}, ": none"),
        ({"linked_at": 1, "linked": json.dumps([f"a/{it}" for it in range(12)])}, "- and 2 more"),
        ({"linked_at": 1, "linked": '["lab/b"]'}, "- `lab/b`"),
    ],
)
def test_what_a_canvas_says(values, shown):
    status = ExportStatus(display_id="EXP1", **values)
    assert shown in linked_text(status, Catalog("acme-packages"), "experiment_id")


@pytest.mark.parametrize("drawn", [True, False])
def test_section_is_drawn_where_there_is_a_search(drawn):
    catalog = Catalog("acme-packages")
    linked = LinkedPackage(None, catalog) if drawn else None
    canvas = Canvas(catalog, Packages(None), linked_by="experiment_id", linked=linked)
    blocks = canvas.blocks("etr_1", ExportStatus(display_id="EXP1"))
    assert ("linked" in [it["id"] for it in blocks]) is drawn


def test_view_of_a_linked_package_is_the_entrys_own_without_a_search():
    canvas = Canvas(Catalog("acme-packages"), Packages(None))
    view = CanvasView(linked=LinkedView("lab--b"))
    assert "linked-package" not in str(canvas.blocks("etr_1", ExportStatus(), view))
