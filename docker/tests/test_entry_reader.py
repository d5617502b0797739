"""Events where nothing is exported: claimed, attempted again and given back as exports are."""

import time
from dataclasses import replace

import pytest

from src import handlers
from src.queues.claims import LostClaimError
from src.runtime.metrics import Metrics
from src.runtime.settings import WORKER_REQUIRED, read_settings
from src.worker import build_worker

from .benchling_server import entry
from .linked_stage import environment, work_by

pytestmark = pytest.mark.slow


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
    with pytest.raises(LostClaimError):
        linked.work.process(event, claim, lost)
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
    linked.send()
    linked.next()
    work_by(linked, replace(linked.settings, export_interval_seconds=10))
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
    without = build_worker(linked.settings, Metrics(""))
    assert (
        len(without.worker._threads) == linked.settings.worker_concurrency + handlers.CANVAS_THREADS
    )
    with_exports = {
        **environment(linked),
        "EXPORT_ENTRIES": "true",
        "PACKAGE_BUCKET": "packages",
        "PACKAGING_QUEUE_URL": linked.urls["packaging.fifo"],
        "REVISION_QUEUE_URL": linked.urls["revisions"],
    }
    settings = read_settings(with_exports, WORKER_REQUIRED)
    threads = build_worker(settings, Metrics("")).worker._threads
    assert len(threads) == len(without.worker._threads) + handlers.REVISION_THREADS
