"""A package is "packaged" when Quilt says so, and silence is noticed."""

import json
import threading
import time

import pytest

from src.canvas.revision_consumer import RevisionConsumer
from src.queues.sqs import Queue
from src.runtime.metrics import NAMESPACE, Metrics

pytestmark = pytest.mark.slow


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


@pytest.fixture
def handed(stage):
    """A stage with a package that was handed to Quilt."""
    stage.server.canvases["cnvs_1"] = "etr_1"
    stage.send(received_at=time.time())
    stage.next()
    stage.draw()
    return stage


def expecting(stage, seconds, now):
    """Have the stage expect confirmations within some seconds, by a clock of one's own.

    Returns the reminders, which SQS would hold back for as long.
    """
    reminders = []
    queue = Queue(stage.sqs, stage.urls["revisions"])
    queue.send = lambda body, delay_seconds: reminders.append(body) or check(delay_seconds, seconds)
    consumer = RevisionConsumer(
        queue, stage.statuses, Metrics("stack"), seconds, clock=lambda: now[0]
    )
    stage.confirmations = consumer
    stage.build(confirm_later=consumer.confirm_later)
    return reminders


def check(delay, seconds):
    assert delay == seconds


def test_a_package_is_packaged_when_quilt_says_so(handed, capsys):
    assert "handed to Quilt" in handed.shown()
    handed.confirm(at=iso(time.time()))
    handed.draw()
    assert "packaged" in handed.shown()
    assert f"/tree/{'b' * 64}" in handed.shown()
    assert NAMESPACE in capsys.readouterr().out


def test_confirmation_before_the_workers_record_counts(stage, monkeypatch):
    """Quilt may be quicker than the worker's next write."""
    request = stage.dependencies.packaging.request_package

    def quick(*args):
        request(*args)
        stage.confirm(at=iso(time.time()))

    monkeypatch.setattr(stage.dependencies.packaging, "request_package", quick)
    stage.server.canvases["cnvs_1"] = "etr_1"
    stage.send()
    stage.next()
    stage.draw()
    assert "packaged" in stage.shown()
    assert f"/tree/{'b' * 64}" in stage.shown()


def test_an_event_that_comes_twice_counts_once(handed, capsys):
    for _ in range(2):
        handed.confirm(at=iso(time.time()))
    assert capsys.readouterr().out.count("PackageConfirmedSeconds=") == 1


def test_older_revision_confirms_nothing(handed):
    handed.confirm(at=iso(time.time() - 60))
    handed.draw()
    assert "handed to Quilt" in handed.shown()


def test_revision_of_another_package_is_ignored(handed):
    handed.confirm(name="benchling/OTHER", at=iso(time.time()))
    assert handed.item("entry#etr_1")["state"]["S"] == "handed to Quilt"
    assert handed.waiting("revisions") == [0, 0]


def test_the_canvas_follows_somebodys_own_revision(handed):
    handed.confirm(at=iso(time.time()))
    handed.confirm(top_hash="c" * 64, at=iso(time.time() + 5))
    handed.confirm(top_hash="a" * 64, at=iso(time.time() - 30))
    handed.draw()
    assert f"/tree/{'c' * 64}" in handed.shown()


def test_a_revision_that_comes_while_the_next_export_runs_ends_no_export(handed):
    handed.statuses.change("etr_1", lambda _: {"state": "running"})
    handed.confirm(at=iso(time.time()))
    handed.draw()
    assert "running" in handed.shown()
    assert f"/tree/{'b' * 64}" in handed.shown()


def test_missing_confirmation_is_reported_and_a_late_one_counts(stage, capsys):
    now = [time.time()]
    reminders = expecting(stage, 60, now)
    stage.server.canvases["cnvs_1"] = "etr_1"
    stage.send(received_at=now[0])
    stage.next()
    reminder = reminders[0]
    stage.revisions.send(reminder)
    stage.confirmer.poll(threading.Event())
    assert stage.waiting("revisions") == [0, 1]
    # The package was handed over by the real clock, some seconds later.
    now[0] += 120
    stage.revisions.send(reminder)
    stage.confirmer.poll(threading.Event())
    stage.draw()
    assert "Quilt has not confirmed" in stage.shown()
    assert '"PackagesUnconfirmed"' in capsys.readouterr().out.replace("'", '"')
    stage.confirm(at=iso(now[0] + 5))
    stage.draw()
    assert "packaged" in stage.shown()


def test_a_confirmed_package_needs_no_reminder(stage):
    now = [time.time()]
    reminders = expecting(stage, 60, now)
    stage.send(received_at=now[0])
    stage.next()
    reminder = reminders[0]
    stage.confirm(at=iso(now[0] + 2))
    # The package was handed over by the real clock, some seconds later.
    now[0] += 120
    stage.revisions.send(reminder)
    stage.confirmer.poll(threading.Event())
    assert stage.item("entry#etr_1")["state"]["S"] == "packaged"
    assert stage.waiting("revisions") == [0, 0]


def test_without_a_time_nothing_is_expected(handed):
    assert handed.waiting("revisions") == [0, 0]


@pytest.mark.parametrize(
    "body",
    ["{", "[]", "7", "{}", '{"reminder": 7}', json.dumps({"detail": {}, "time": "now"})],
)
def test_invalid_revision_is_deleted_and_logged(stage, body, capsys):
    stage.revisions.send(body)
    stage.confirmer.poll(threading.Event())
    assert stage.waiting("revisions") == [0, 0]
    assert "revision.rejected" in capsys.readouterr().out


def test_metrics_need_a_stack(capsys):
    Metrics("").put("PackagesUnconfirmed", 1, "Count")
    assert capsys.readouterr().out == ""
