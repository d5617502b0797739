"""Events and canvases where nothing is exported: read, searched for, and drawn."""

import json
import threading
import time
from dataclasses import replace

import pytest

from src import handlers as module
from src.canvas import linked_packages
from src.queues.claims import LostClaimError
from src.queues.consumer import Consumer
from src.queues.package_name import PackageName
from src.runtime.metrics import Metrics
from src.runtime.settings import WORKER_REQUIRED, read_settings
from src.worker import Dependencies, TaskProtection, build_worker

from .benchling_server import entry
from .conftest import REGION, SECRET
from .test_linked_package import TOP_HASH
from .test_manifests import line

pytestmark = pytest.mark.slow


class Search:
    """A search in memory, which notes what it is asked for."""

    def __init__(self):
        self.asked, self.found = [], [PackageName("lab/b", "acme-raw")]

    def start(self, value):
        self.asked.append(value)
        return "q"

    def result(self, _):
        return self.found

    def stop(self, _):
        pass


def environment(stage):
    secret = {**SECRET, "base_url": stage.server.address}
    return {
        "PORT": "5000",
        "AWS_REGION": REGION,
        "INTAKE_QUEUE_URL": stage.urls["intake.fifo"],
        "CANVAS_QUEUE_URL": stage.urls["canvas.fifo"],
        "DEAD_LETTER_QUEUE_URL": stage.urls["dead-letters.fifo"],
        "CLAIMS_TABLE": "claims",
        "BENCHLING_SECRET": json.dumps(secret),
        "QUILT_CATALOG": "quilt.example.com",
        "QUILT_ATHENA_DATABASE": "lake",
        "LINKED_BUCKETS": "acme-raw,acme-more",
        "EXPORT_ENTRIES": "false",
        "EXPORT_INTERVAL_SECONDS": "0",
        "RETRY_SECONDS": "1",
    }


@pytest.fixture
def linked(stage):
    """The stage with the handlers of the mode, put together as the worker does it."""
    stage.settings = settings = read_settings(environment(stage), WORKER_REQUIRED)
    assert settings.problems == ()
    stage.search, stage.calls = Search(), []
    stores = replace(module.build_stores(settings, Metrics("")), search=stage.search)
    stores.s3.meta.events.register(
        "before-call.s3", lambda model, **_: stage.calls.append(model.name)
    )
    stage.stores = replace(stores, give_back=stage.give_back)
    done = module.build_handlers(settings, stage.stores)
    stage.exports = Consumer(stage.intake, done.export, 60, stage.dead_letters)
    stage.canvases = Consumer(stage.canvas_queue, done.canvas, 6, stage.dead_letters)
    stage.server.canvases["cnvs_1"] = "etr_1"
    yield stage
    # Whatever a test has done: nothing is exported, stored or handed over.
    assert stage.server.exports == []
    assert set(stage.calls) <= {"ListObjectsV2", "GetObject"}
    assert stage.received("packaging.fifo") == stage.received("revisions") == []


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


def test_an_entry_that_cannot_be_read_is_a_dead_letter_and_told(linked):
    linked.send()
    linked.server.entries.clear()
    linked.next()
    linked.draw()
    (dead_letter,) = linked.received("dead-letters.fifo")
    reason = "the entry: Benchling answered 404"
    assert dead_letter["MessageAttributes"]["reason"]["StringValue"] == reason
    assert linked.shown().startswith("**Entry** `etr_1`")
    assert linked.shown().endswith(f": `{reason}`")
    assert linked.item("webhook#wh_1")["state"]["S"] == "failed"
    # Mended, it is read by the next event, and the reason goes.
    linked.server.entries["etr_1"] = entry("etr_1")
    linked.send("wh_2")
    linked.next()
    linked.draw()
    assert reason not in linked.shown()


def test_a_failed_reading_is_attempted_again(linked):
    linked.server.faults["/api/v2/entries/etr_1"] = [(501, {})]
    linked.send()
    linked.next()
    assert linked.waiting() == [0, 1]
    assert linked.item("webhook#wh_1")["tries"]["N"] == "1"
    assert linked.statuses.read("etr_1").entry_reason == ""


def test_a_stop_gives_the_event_back(linked):
    linked.give_back.set()
    linked.send()
    linked.next()
    assert linked.waiting() == [1, 0]
    assert linked.statuses.read("etr_1").display_id == ""


def test_nothing_is_kept_when_another_worker_has_the_event(linked):
    def lost():
        raise LostClaimError("wh_1")

    event, claim = linked.event(), linked.claims.claim("wh_1", "this worker")
    work = module.build_handlers(linked.settings, linked.stores).export.__self__._work
    with pytest.raises(LostClaimError):
        work.process(event, claim, lost)
    assert linked.statuses.read("etr_1").version == 0


def test_an_event_that_was_read_already_is_covered(linked):
    linked.send()
    linked.next()
    asked = len(linked.server.asked)
    linked.send("wh_2", received_at=1.0)
    linked.next()
    assert len(linked.server.asked) == asked
    assert linked.item("webhook#wh_2")["state"]["S"] == "done"


def test_a_reading_that_failed_covers_no_event(linked):
    failed = {"entry_at": time.time(), "entry_reason": "the entry: Benchling answered 403"}
    linked.statuses.change("etr_1", lambda _: failed)
    linked.send(received_at=1.0)
    linked.next()
    assert linked.statuses.read("etr_1").display_id == "EXP1"


def test_events_within_the_interval_wait(linked):
    settings = read_settings(
        {**environment(linked), "EXPORT_INTERVAL_SECONDS": "10"}, WORKER_REQUIRED
    )
    done = module.build_handlers(settings, linked.stores)
    linked.send()
    linked.next()
    linked.exports = Consumer(linked.intake, done.export, 60, linked.dead_letters)
    linked.send("wh_2")
    linked.next()
    assert linked.waiting() == [0, 1]


def test_a_package_of_a_former_export_is_not_asked_for(linked):
    """What a claim has stored before exports were turned off stays as it is."""
    package = {"bucket": "packages", "name": "benchling/X", "display_id": "X", "files": 3}
    claim = linked.claims.claim("wh_1", "dead")
    linked.claims.stored(claim, package)
    linked.claims.release(claim)
    linked.send()
    linked.next()
    assert linked.statuses.read("etr_1").display_id == "EXP1"


def test_no_thread_takes_the_events_of_revisions(linked):
    settings = read_settings(environment(linked), WORKER_REQUIRED)
    without = build_worker(settings, Metrics(""))
    assert len(without.worker._threads) == settings.worker_concurrency + module.CANVAS_THREADS
    with_exports = {
        **environment(linked),
        "EXPORT_ENTRIES": "true",
        "PACKAGE_BUCKET": "packages",
        "PACKAGING_QUEUE_URL": linked.urls["packaging.fifo"],
        "REVISION_QUEUE_URL": linked.urls["revisions"],
    }
    settings = read_settings(with_exports, WORKER_REQUIRED)
    stores = module.build_stores(settings, Metrics(""))
    threads = Dependencies(settings, stores, TaskProtection("")).worker._threads
    assert len(threads) == len(without.worker._threads) + module.REVISION_THREADS
    assert isinstance(threads[0], threading.Thread)
