"""Events from the queue to the package, and what happens when something dies."""

import json
import sys
import threading
import time

import pytest
from botocore.exceptions import ClientError

from src.export import export_consumer as module
from src.export.exporter import Exporter, ExportLimits
from src.queues.canvas_request import EventError
from src.queues.claims import ClaimedElsewhere, Claims, LostClaimError
from src.queues.event import NewerVersionError, from_message
from src.queues.failures import reason_of
from src.queues.lease import GiveBackError, Lease
from src.queues.sqs import Queue
from src.runtime.logs import configure_logs
from src.store.packaging_queue import PackagingQueue

from .benchling_server import FILES, entry, zip_of
from .emulator import create_queue

pytestmark = pytest.mark.slow


def test_an_event_becomes_a_package_and_a_message(stage):
    stage.send()
    assert stage.next()
    files = stage.files()
    for path, content in FILES.items():
        assert files.pop(f"benchling/EXP1/{path}") == content
    assert json.loads(files["benchling/EXP1/entry_data.json"])["id"] == "etr_1"
    metadata = json.loads(files["benchling/EXP1/entry.json"])
    assert (metadata["display_id"], metadata["authors"]) == ("EXP1", ["Ada <ada@ent_1>"])
    trigger = json.loads(files["benchling/EXP1/input.json"])
    assert trigger["webhook_id"] == "wh_1"
    assert trigger["files"] == [{"path": p, "size": len(c)} for p, c in FILES.items()]
    assert b"secret" not in b"".join(files.values())
    assert b"# Buffer test" in files["benchling/EXP1/README.md"]
    assert json.loads(files["benchling/EXP1/links.json"]) == {"entry_id": "etr_1", "links": []}
    assert len(files) == 5
    (message,) = stage.requested()
    assert message == {
        "source_prefix": "s3://packages/benchling/EXP1/",
        "registry": "packages",
        "package_name": "benchling/EXP1",
        "metadata_uri": "entry.json",
        "commit_message": "Benchling entry etr_1, webhook wh_1",
    }
    assert stage.item("webhook#wh_1")["state"]["S"] == "done"
    record = stage.item("entry#etr_1")
    assert (record["state"]["S"], record["files"]["N"]) == ("handed to Quilt", "2")
    assert stage.item("package#benchling/EXP1")["entry_id"]["S"] == "etr_1"
    assert stage.waiting() == [0, 0]


def test_a_second_delivery_of_a_done_event_has_no_effect(stage):
    stage.send()
    stage.next()
    stage.requested()
    asked = len(stage.server.asked)
    stage.intake.send(stage.event().to_message(), "etr_1", "again")
    assert stage.next()
    assert len(stage.server.asked) == asked
    assert stage.waiting() == [0, 0]


def test_event_claimed_elsewhere_is_hidden(stage):
    stage.send()
    stage.claims.claim("wh_1", "another")
    assert stage.next()
    assert stage.waiting() == [0, 1]
    assert stage.files() == {}


def test_a_dead_workers_claim_is_taken_over(stage):
    stage.send()
    Claims(stage.dynamodb, "claims", 60, clock=lambda: time.time() - 61).claim("wh_1", "dead")
    stage.next()
    assert len(stage.files()) == 7


def test_retry_after_upload_only_requests_the_package(stage):
    stage.send()
    earlier = Claims(stage.dynamodb, "claims", 60, clock=lambda: time.time() - 61)
    package = {"bucket": "packages", "name": "benchling/X", "display_id": "X", "files": 3}
    earlier.stored(earlier.claim("wh_1", "dead"), package)
    stage.next()
    assert stage.server.asked == []
    (message,) = stage.requested()
    assert message["package_name"] == "benchling/X"


@pytest.mark.parametrize(("queue", "messages"), [("packaging.fifo", 1), ("standard", 2)])
def test_retry_after_crash_sends_identical_message(stage, monkeypatch, queue, messages):
    stage.urls[queue] = create_queue(queue)
    claims = Claims(stage.dynamodb, "claims", lease_seconds=1)
    stage.lease_seconds = 1
    packaging = PackagingQueue(Queue(stage.sqs, stage.urls[queue]))
    stage.build(packaging=packaging, claims=claims)
    stage.send()
    with monkeypatch.context() as death:
        death.setattr(claims, "done", lambda _: sys.exit())
        with pytest.raises(SystemExit):
            stage.next()
    before = stage.files()
    time.sleep(1.1)
    assert stage.next()
    asked = stage.requested(queue)
    assert len(asked) == messages
    assert all(message == asked[0] for message in asked)
    assert stage.files() == before
    assert stage.item("webhook#wh_1")["state"]["S"] == "done"


def test_files_of_an_earlier_export_go(stage):
    stage.send()
    stage.next()
    stage.server.zip = zip_of({"new.txt": b"new", "entry.json": b"theirs"})
    stage.send("wh_2")
    stage.next()
    files = stage.files()
    assert files["benchling/EXP1/new.txt"] == b"new"
    assert files["benchling/EXP1/export/entry.json"] == b"theirs"
    assert "benchling/EXP1/report.pdf" not in files


def test_an_entry_that_is_gone_is_a_dead_letter_at_once(stage):
    stage.send(entry_id="etr_gone")
    stage.server.entries.clear()
    assert stage.next()
    (dead_letter,) = stage.received("dead-letters.fifo")
    assert from_message(dead_letter["Body"]).webhook_id == "wh_1"
    attributes = dead_letter["MessageAttributes"]
    assert attributes["reason"]["StringValue"] == "the entry: Benchling answered 404"
    assert attributes["tries"]["StringValue"] == "1"
    assert attributes["failed_at"]["StringValue"]
    assert stage.waiting() == [0, 0]
    assert stage.item("entry#etr_gone")["state"]["S"] == "failed"
    assert stage.item("webhook#wh_1")["state"]["S"] == "failed"


def test_a_busy_benchling_is_asked_five_times(stage):
    stage.send()
    stage.server.faults["/api/v2/entries/etr_1"] = [(503, {})] * 5
    for _ in range(5):
        assert stage.received("dead-letters.fifo") == []
        assert stage.next()
    (dead_letter,) = stage.received("dead-letters.fifo")
    assert dead_letter["MessageAttributes"]["tries"]["StringValue"] == "5"
    assert "503" in dead_letter["MessageAttributes"]["reason"]["StringValue"]


def test_an_export_that_takes_too_long_is_attempted_again(stage):
    stage.export_seconds = 0.3
    stage.build()
    stage.server.states = ["RUNNING"]
    stage.send()
    began = time.monotonic()
    assert stage.next()
    assert time.monotonic() - began < 2
    assert stage.item("webhook#wh_1")["reason"]["S"] == "the export took longer than 0.3 s"
    assert stage.received("dead-letters.fifo") == []
    stage.export_seconds = 60
    stage.build()
    stage.server.states = ["SUCCEEDED"]
    assert stage.next()
    assert len(stage.files()) == 7


def test_two_entries_of_one_display_id_have_a_package_each(stage):
    stage.server.entries["etr_2"] = {**entry("etr_2"), "displayId": "EXP1"}
    stage.server.entries["etr_1"] = {**entry("etr_1"), "displayId": "EXP1"}
    for number, entry_id in enumerate(("etr_1", "etr_2", "etr_1", "etr_2")):
        stage.send(f"wh_{number}", entry_id)
        stage.next()
    first, second = stage.files("benchling/EXP1/"), stage.files("benchling/EXP1_etr_2/")
    assert json.loads(first["benchling/EXP1/entry.json"])["entry_id"] == "etr_1"
    metadata = json.loads(second["benchling/EXP1_etr_2/entry.json"])
    assert (metadata["entry_id"], metadata["display_id"]) == ("etr_2", "EXP1")
    named = [message["package_name"] for message in stage.requested()]
    assert sorted(set(named)) == ["benchling/EXP1", "benchling/EXP1_etr_2"]
    assert stage.statuses.read("etr_2").package_name == "benchling/EXP1_etr_2"


def test_an_entry_takes_its_packages_name_once(stage, monkeypatch):
    taken = []
    own = stage.statuses.own_package
    monkeypatch.setattr(
        stage.statuses,
        "own_package",
        lambda name, entry_id: taken.append(name) or own(name, entry_id),
    )
    for number in range(3):
        stage.server.entries["etr_1"] = {**entry("etr_1"), "name": f"Version {number}"}
        stage.send(f"wh_{number}")
        stage.next()
    stage.server.entries["etr_1"] = {**entry("etr_1"), "displayId": "EXP7"}
    stage.send("wh_3")
    stage.next()
    assert taken == ["benchling/EXP1", "benchling/EXP7"]


def test_an_entry_for_which_no_name_is_free_is_a_dead_letter(stage):
    for name in ("EXP1", "EXP1_etr_1", "etr_1"):
        assert stage.statuses.own_package(f"benchling/{name}", "etr_other")
    stage.send()
    stage.next()
    (dead_letter,) = stage.received("dead-letters.fifo")
    assert "benchling/EXP1" in dead_letter["MessageAttributes"]["reason"]["StringValue"]


def test_redriven_event_has_all_its_attempts(stage):
    claim = stage.claims.claim("wh_1", "a")
    stage.claims.failed(claim, "gone", last=True)
    assert stage.claims.claim("wh_1", "b").attempts == 0


def test_attempts_are_counted_over_deliveries(stage):
    claim = stage.claims.claim("wh_1", "a")
    stage.claims.failed(claim, "busy", last=False)
    assert stage.claims.claim("wh_1", "b").attempts == 1


def test_retry_after_delays_the_next_attempt(stage):
    stage.send()
    stage.server.faults["/api/v2/entries/etr_1"] = [(429, {"Retry-After": "90"})]
    stage.next()
    assert stage.waiting() == [0, 1]
    assert "429" in stage.item("webhook#wh_1")["reason"]["S"]


def test_invalid_event_is_dead_lettered_at_once(stage):
    stage.intake.send("{}", "g", "d")
    stage.next()
    (dead_letter,) = stage.received("dead-letters.fifo")
    assert "not an event" in dead_letter["MessageAttributes"]["reason"]["StringValue"]
    assert stage.waiting() == [0, 0]


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", "[" * 5000, '{"webhook_id": 1}', '{"version": []}', '{"version": 1e999}'],
)
def test_invalid_message_body_raises_event_error(body):
    with pytest.raises(EventError):
        from_message(body)


def test_event_without_finite_time_is_invalid(stage):
    body = json.loads(stage.event().to_message())
    with pytest.raises(EventError, match="no time"):
        from_message(json.dumps({**body, "received_at": float("inf")}))


def test_unknown_fields_of_a_message_are_kept(stage):
    body = {**json.loads(stage.event().to_message()), "priority": {"high": [1]}}
    assert json.loads(from_message(json.dumps(body)).to_message()) == body


@pytest.mark.parametrize(
    ("field", "value"), [("webhook_id", ""), ("entry_id", ""), ("entry_id", "../../tokens")]
)
def test_event_without_id_is_invalid(stage, field, value):
    body = json.loads(stage.event().to_message())
    with pytest.raises(EventError, match="ID"):
        from_message(json.dumps({**body, field: value}))


def test_a_message_of_the_service_before_versions_is_read(stage):
    body = json.loads(stage.event().to_message())
    del body["version"]
    assert from_message(json.dumps({**body, "route": "event"})).webhook_id == "wh_1"


def test_a_message_of_a_later_version_waits_for_a_later_worker(stage):
    body = {**json.loads(stage.event().to_message()), "version": 2}
    with pytest.raises(NewerVersionError):
        from_message(json.dumps(body))
    stage.intake.send(json.dumps(body), "etr_1", "wh_1")
    assert stage.next()
    assert stage.waiting() == [0, 1]
    assert stage.received("dead-letters.fifo") == []


def test_stopping_worker_releases_event_without_counting_an_attempt(stage):
    stage.send()
    stage.give_back.set()
    stage.next()
    assert stage.waiting() == [1, 0]
    stage.give_back.clear()
    stage.next()
    assert len(stage.files()) == 7
    assert "tries" not in stage.item("webhook#wh_1")


def test_message_received_while_stopping_is_released(stage):
    stage.send()
    stopping = threading.Event()
    stopping.set()
    stage.exports.poll(stopping)
    assert stage.waiting() == [1, 0]


def test_a_lost_claim_ends_the_work_and_keeps_the_message(stage):
    stage.send()

    def take_over(*_):
        late = Claims(stage.dynamodb, "claims", 60, clock=lambda: time.time() + 100)
        late.claim("wh_1", "another")
        return entry("etr_1")

    stage.dependencies.benchling.entry = take_over
    stage.next()
    assert stage.requested() == []
    assert stage.item("webhook#wh_1")["owner"]["S"] == "another"
    assert stage.waiting() == [0, 1]


def test_unexpected_exception_counts_an_attempt_and_hides_its_text(stage):
    stage.send()

    def broken(*_):
        raise RuntimeError("token=secret")

    stage.dependencies.benchling.entry = broken
    stage.next()
    reason = stage.item("webhook#wh_1")["reason"]["S"]
    assert reason == "RuntimeError: a fault of the worker; its log has the trace"


def counted(capsys, name):
    return capsys.readouterr().out.count(f'"Name": "{name}"')


def test_a_package_is_measured_when_it_is_handed_over(stage, capsys):
    configure_logs("INFO")
    stage.send(received_at=time.time() - 30)
    stage.next()
    lines = [json.loads(it) for it in capsys.readouterr().out.splitlines() if '"_aws"' in it]
    [seconds] = [it["PackagedSeconds"] for it in lines if "PackagedSeconds" in it]
    [size] = [it["ExportBytes"] for it in lines if "ExportBytes" in it]
    assert 30 <= seconds < 60
    assert size == sum(len(it) for it in FILES.values())


def test_the_ends_of_exports_are_counted_for_the_alarm_on_a_release(stage, capsys):
    configure_logs("INFO")
    stage.send()
    stage.next()
    assert counted(capsys, "ExportsDone") == 1
    # Benchling's trouble isn't the release's.
    stage.server.faults["/api/v2/entries/etr_2"] = [(503, {})]
    stage.send(webhook_id="wh_2", entry_id="etr_2")
    stage.next()
    assert counted(capsys, "ExportsFailed") == 0

    def broken(*_):
        raise RuntimeError

    stage.dependencies.benchling.entry = broken
    stage.send(webhook_id="wh_3", entry_id="etr_3")
    stage.next()
    assert counted(capsys, "ExportsFailed") == 1


def test_reasons_name_what_refused():
    error = ClientError({"Error": {"Code": "SlowDown", "Message": "secret"}}, "PutObject")
    assert reason_of(error) == "PutObject answered SlowDown"


def test_a_held_event_says_for_how_long(stage):
    stage.claims.claim("wh_1", "a")
    held = stage.claims.claim("wh_1", "b")
    assert isinstance(held, ClaimedElsewhere)
    assert 58 < held.seconds <= 60


def test_the_table_is_part_of_readiness(stage):
    assert stage.claims.problem() == ""
    other = Claims(stage.dynamodb, "nothing", 60)
    assert "ResourceNotFoundException" in other.problem()


class TestLease:
    def test_beats_until_its_end(self):
        beats = []
        with Lease(lambda: beats.append(1), 0.03, threading.Event()) as lease:
            time.sleep(0.1)
            lease.check()
        ended = len(beats)
        time.sleep(0.05)
        assert len(beats) == ended >= 2

    def test_is_lost_when_no_beat_arrives_in_time(self):
        def broken():
            raise OSError

        with Lease(broken, 0.03, threading.Event()) as lease:
            time.sleep(0.15)
            with pytest.raises(LostClaimError):
                lease.check()

    def test_is_lost_when_the_claim_is(self):
        def lost():
            raise LostClaimError

        with Lease(lost, 0.03, threading.Event()) as lease:
            time.sleep(0.1)
            with pytest.raises(LostClaimError):
                lease.check()

    def test_ends_when_the_worker_must_stop(self):
        stop = threading.Event()
        stop.set()
        with Lease(lambda: None, 60, stop) as lease, pytest.raises(GiveBackError):
            lease.check()


def test_an_event_that_a_later_export_covers_is_done_without_one(stage):
    now = time.time()
    stage.send("wh_1", received_at=now - 10)
    stage.next()
    stage.send("wh_2", received_at=now - 5)
    stage.next()
    assert stage.server.exports == ["etr_1"]
    assert stage.item("webhook#wh_2")["state"]["S"] == "done"
    assert len(stage.requested()) == 1
    assert stage.waiting() == [0, 0]


def test_an_event_that_came_while_the_entry_was_read_is_exported(stage):
    stage.send("wh_1", received_at=time.time())
    stage.next()
    stage.send("wh_2", received_at=time.time())
    stage.next()
    assert stage.server.exports == ["etr_1", "etr_1"]


def test_the_next_export_waits_for_further_edits_but_not_for_a_click(stage):
    stage.interval = 10
    stage.build()
    stage.send("wh_1")
    stage.next()
    stage.send("wh_2")
    stage.next()
    assert stage.waiting() == [0, 1]
    assert stage.server.exports == ["etr_1"]
    click = stage.event(
        "wh_3",
        type="v2.canvas.userInteracted",
        canvasId="cnvs_1",
        buttonId="update-package:etr_1",
    )
    stage.intake.send(click.to_message(), "another group", "wh_3")
    stage.next()
    assert stage.server.exports == ["etr_1", "etr_1"]


def test_a_burst_of_edits_is_at_most_three_exports(stage, monkeypatch):
    """Fifty edits in ten seconds, by a clock that only the waits move."""
    now = [1_700_000_000.0]
    monkeypatch.setattr(stage.intake, "change_visibility", lambda *_: None)
    exporter = Exporter(
        stage.dependencies, "packages", "benchling", ExportLimits(10, 60), clock=lambda: now[0]
    )
    edits = [stage.event(f"wh_{number}", received_at=now[0] + number / 5) for number in range(50)]
    exported = []
    for event in edits:
        now[0] = max(now[0], event.received_at)
        plan = exporter.plan(event)
        if plan.covered:
            continue
        now[0] += plan.wait_seconds
        exporter.process(event, stage.claims.claim(event.webhook_id, "owner"), lambda: None)
        exported.append(now[0])
    assert 2 <= len(exported) <= 3
    assert exported[-1] > edits[-1].received_at


def test_a_failed_export_covers_no_event(stage):
    stage.server.states = ["FAILED"]
    stage.send("wh_1", received_at=time.time() - 60)
    for _ in range(module.MAX_ATTEMPTS):
        stage.next()
    stage.server.states = ["SUCCEEDED"]
    stage.send("wh_2", received_at=time.time() - 30)
    stage.next()
    assert stage.item("entry#etr_1")["state"]["S"] == "handed to Quilt"


def test_an_event_that_changes_nothing_makes_no_version_of_any_object(stage):
    stage.send("wh_1")
    stage.next()
    before = stage.s3.list_object_versions(Bucket="packages")["Versions"]
    for number in (2, 3):
        stage.send(f"wh_{number}")
        stage.next()
    assert stage.s3.list_object_versions(Bucket="packages")["Versions"] == before
    # Quilt hasn't confirmed the first: it is asked again.
    assert len(stage.requested()) == 3


def test_quilt_is_not_asked_for_what_its_last_revision_holds(stage):
    stage.send("wh_1")
    stage.next()
    stage.confirm()
    stage.send("wh_2")
    stage.next()
    assert len(stage.requested()) == 1
    assert stage.item("entry#etr_1")["state"]["S"] == "packaged"
    stage.s3.put_object(Bucket="packages", Key="benchling/EXP1/results/mine.csv", Body=b"1")
    stage.send("wh_3")
    stage.next()
    assert len(stage.requested()) == 1
    assert stage.item("entry#etr_1")["state"]["S"] == "handed to Quilt"


def test_the_button_has_quilt_asked_again(stage):
    stage.send("wh_1")
    stage.next()
    stage.confirm()
    stage.press("update-package:etr_1")
    stage.draw()
    stage.next()
    assert len(stage.requested()) == 2


def test_a_scientists_own_file_survives(stage):
    stage.s3.put_object(Bucket="packages", Key="benchling/EXP1/results/mine.csv", Body=b"1")
    stage.s3.put_object(Bucket="packages", Key="benchling/EXP1/entry.json", Body=b"hers")
    stage.send()
    stage.next()
    files = stage.files()
    assert files["benchling/EXP1/results/mine.csv"] == b"1"
    assert files["benchling/EXP1/entry.json"] == b"hers"
    (message,) = stage.requested()
    assert message["metadata_uri"] == "export/entry.json"
    assert json.loads(files["benchling/EXP1/export/entry.json"])["entry_id"] == "etr_1"


@pytest.mark.parametrize("workflow", ["alpha", "", None])
def test_the_workflow_goes_to_quilt_as_it_is_set(stage, workflow):
    stage.build(packaging=PackagingQueue(stage.packaging_queue, workflow))
    stage.send()
    stage.next()
    (message,) = stage.requested()
    assert message.get("workflow") == workflow


def test_one_bad_member_costs_no_other_file(stage):
    stage.server.zip = zip_of({"../evil": b"x", "good.txt": b"good", "x\u202fPM.png": b"png"})
    stage.send()
    stage.next()
    files = stage.files()
    assert files["benchling/EXP1/good.txt"] == b"good"
    assert files["benchling/EXP1/x\u202fPM.png"] == b"png"
    (left_out,) = json.loads(files["benchling/EXP1/input.json"])["left_out"]
    assert "evil" in left_out["name"]
    assert b"## Not in the package" in files["benchling/EXP1/README.md"]
    assert stage.item("entry#etr_1")["left_out"]["N"] == "1"


def test_redriven_canvas_event_is_sent_to_the_canvas_queue(stage):
    stage.server.canvases["cnvs_1"] = "etr_1"
    event = stage.event(entry_id="", type="v2.canvas.created", canvasId="cnvs_1", featureId="f")
    stage.canvas_queue.send(event.to_message(), "cnvs_1", "wh_c")
    stage.draw()
    stage.received("intake.fifo")
    stage.intake.send(event.to_message(), "cnvs_1", "again")
    stage.next()
    assert stage.waiting("canvas.fifo") == [1, 0]
