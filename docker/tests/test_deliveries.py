"""Events from the queue to the package, and what happens when something dies."""

import json
import sys
import threading
import time
from dataclasses import replace

import httpx
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from src import deliveries as module
from src.benchling import Notebook
from src.canvas import Canvas, Catalog
from src.claims import Claims, Held
from src.deliveries import Deliveries, Queues, reason_of
from src.entries import Entries
from src.exports import EventError, Exporter, Parts, read_event
from src.intake import Event, Intake
from src.leases import GiveBackError, Lease
from src.packaging import PackagingQueue
from src.patience import PatientTransport
from tests.conftest import TABLE, aws_client
from tests.notebook_server import FILES, NotebookServer, entry, zip_of


class Stage:
    """A worker's parts, and the queues and stores it works with."""

    def __init__(self, server, lease_seconds=60):
        self.server = server
        self.sqs, self.dynamodb, self.s3 = map(aws_client, ("sqs", "dynamodb", "s3"))
        self.s3.create_bucket(Bucket="packages")
        self.dynamodb.create_table(**TABLE)
        self.intake, self.letters, self.packaging = (
            self.sqs.create_queue(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true"})[
                "QueueUrl"
            ]
            for name in ("intake", "letters", "packaging")
        )
        self.claims = Claims(self.dynamodb, "claims", lease_seconds)
        plain = PatientTransport(httpx.HTTPTransport(), lambda _: True)
        self.parts = Parts(
            Notebook(server.address, "id", "secret", httpx.Client(transport=plain)),
            httpx.Client(transport=plain),
            self.s3,
            PackagingQueue(self.sqs, self.packaging),
            self.claims,
            Entries(self.dynamodb, "claims"),
            Canvas(Entries(self.dynamodb, "claims"), self.s3, Catalog("packages")),
        )
        self.deliveries = self.worker(lease_seconds)

    def worker(self, lease_seconds=60):
        return Deliveries(
            Queues(self.sqs, self.intake, self.letters),
            self.claims,
            Exporter(self.parts, "packages", "benchling"),
            lease_seconds,
            retry_seconds=0,
        )

    def send(self, webhook_id="wh_1", entry_id="etr_1"):
        self.server.entries.setdefault(entry_id, entry(entry_id))
        payload = {"message": {"type": "v2.entry.created", "resourceId": entry_id}}
        Intake(self.sqs, self.intake).accept(Event(webhook_id, "event", entry_id, payload))

    def send_canvas(self, kind, entry_id="etr_1", webhook_id="wh_c", **message):
        self.server.entries.setdefault("etr_1", entry("etr_1"))
        self.server.canvases.setdefault("cnvs_1", "etr_1")
        payload = {"message": {"type": f"v2.canvas.{kind}", **message}}
        event = Event(webhook_id, "canvas", entry_id, payload, "cnvs_1")
        Intake(self.sqs, self.intake).accept(event)

    def shown(self):
        """What the last drawn canvas says of the export."""
        return self.server.drawn[-1]["blocks"][0]["value"]

    def next(self):
        return self.deliveries.next(threading.Event())

    def received(self, url):
        answer = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return answer.get("Messages", [])

    def waiting(self):
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.intake, AttributeNames=counts)
        return [int(answer["Attributes"][name]) for name in counts]

    def files(self):
        listed = self.s3.list_objects_v2(Bucket="packages").get("Contents", [])
        return {
            item["Key"]: self.s3.get_object(Bucket="packages", Key=item["Key"])["Body"].read()
            for item in listed
        }

    def item(self, key):
        return self.dynamodb.get_item(TableName="claims", Key={"id": {"S": key}})["Item"]


@pytest.fixture
def stage(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "for-the-emulator")
    monkeypatch.setattr(module, "POLL_SECONDS", 0)
    server = NotebookServer()
    with mock_aws():
        yield Stage(server)
    server.shutdown()
    server.server_close()


def test_an_event_becomes_a_package_and_a_message(stage):
    stage.send()
    assert stage.next()
    files = stage.files()
    for path, content in FILES.items():
        assert files.pop(f"benchling/EXP1/{path}") == content
    assert json.loads(files["benchling/EXP1/entry_data.json"])["id"] == "etr_1"
    metadata = json.loads(files["benchling/EXP1/entry.json"])
    assert (metadata["display_id"], metadata["authors"]) == ("EXP1", ["Ada"])
    trigger = json.loads(files["benchling/EXP1/input.json"])
    assert trigger["webhook_id"] == "wh_1"
    assert trigger["files"] == [{"path": p, "size": len(c)} for p, c in FILES.items()]
    assert b"secret" not in b"".join(files.values())
    assert b"# Buffer test" in files["benchling/EXP1/README.md"]
    assert len(files) == 4
    (message,) = stage.received(stage.packaging)
    assert json.loads(message["Body"]) == {
        "source_prefix": "s3://packages/benchling/EXP1/",
        "registry": "packages",
        "package_name": "benchling/EXP1",
        "metadata_uri": "entry.json",
        "commit_message": "Benchling entry etr_1, webhook wh_1",
    }
    assert stage.item("webhook#wh_1")["state"]["S"] == "done"
    record = stage.item("entry#etr_1")
    assert (record["state"]["S"], record["files"]["N"]) == ("packaged", "6")
    assert stage.waiting() == [0, 0]


def test_a_second_delivery_of_a_done_event_has_no_effect(stage):
    stage.send()
    stage.next()
    stage.received(stage.packaging)
    asked = len(stage.server.asked)
    body = {"webhook_id": "wh_1", "received_at": 1.0, "route": "event", "entry_id": "etr_1"}
    body["payload"] = {"message": {"type": "v2.entry.created"}}
    stage.sqs.send_message(
        QueueUrl=stage.intake,
        MessageBody=json.dumps(body),
        MessageGroupId="etr_1",
        MessageDeduplicationId="again",
    )
    assert stage.next()
    assert len(stage.server.asked) == asked
    assert stage.waiting() == [0, 0]


def test_what_another_worker_holds_waits(stage):
    stage.send()
    stage.claims.claim("wh_1", "another")
    assert stage.next()
    assert stage.waiting() == [0, 1]
    assert stage.files() == {}


def test_a_dead_workers_claim_is_taken_over(stage):
    stage.send()
    Claims(stage.dynamodb, "claims", 60, clock=lambda: time.time() - 61).claim("wh_1", "dead")
    stage.next()
    assert len(stage.files()) == 6


def test_a_redo_after_the_files_only_tells_of_them(stage):
    stage.send()
    earlier = Claims(stage.dynamodb, "claims", 60, clock=lambda: time.time() - 61)
    package = {"bucket": "packages", "name": "benchling/X", "display_id": "X", "files": 3}
    earlier.stored(earlier.claim("wh_1", "dead"), package)
    stage.next()
    assert stage.server.asked == []
    (message,) = stage.received(stage.packaging)
    assert json.loads(message["Body"])["package_name"] == "benchling/X"


@pytest.mark.parametrize(("queue", "tellings"), [("packaging.fifo", 1), ("standard", 2)])
def test_quilt_hears_the_same_words_after_a_death_before_the_end(
    stage, monkeypatch, queue, tellings
):
    fifo = {"FifoQueue": "true"} if queue.endswith(".fifo") else {}
    url = stage.sqs.create_queue(QueueName=queue, Attributes=fifo)["QueueUrl"]
    stage.claims = Claims(stage.dynamodb, "claims", lease_seconds=1)
    packaging = PackagingQueue(stage.sqs, url)
    stage.parts = replace(stage.parts, packaging=packaging, claims=stage.claims)
    stage.deliveries = stage.worker(lease_seconds=1)
    stage.send()
    with monkeypatch.context() as death:
        death.setattr(stage.claims, "done", lambda _: sys.exit())
        with pytest.raises(SystemExit):
            stage.next()
    before = stage.files()
    time.sleep(1.1)
    assert stage.next()
    told = [message["Body"] for message in stage.received(url)]
    assert len(told) == tellings
    assert len(set(told)) == 1
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


def test_five_tries_and_then_a_dead_letter_with_its_reason(stage):
    stage.send(entry_id="etr_gone")
    stage.server.entries.clear()
    for _ in range(5):
        assert stage.received(stage.letters) == []
        assert stage.next()
    (letter,) = stage.received(stage.letters)
    assert read_event(letter["Body"]).webhook_id == "wh_1"
    attributes = letter["MessageAttributes"]
    assert attributes["reason"]["StringValue"] == "the entry: Benchling answered 404"
    assert attributes["tries"]["StringValue"] == "5"
    assert attributes["failed_at"]["StringValue"]
    assert stage.waiting() == [0, 0]
    assert stage.item("entry#etr_gone")["state"]["S"] == "failed"
    assert stage.item("webhook#wh_1")["state"]["S"] == "failed"


def test_a_failed_event_that_is_sent_again_has_all_its_tries(stage):
    claim = stage.claims.claim("wh_1", "a")
    stage.claims.failed(claim, "gone", last=True)
    assert stage.claims.claim("wh_1", "b").tries == 0


def test_tries_are_counted_over_deliveries(stage):
    claim = stage.claims.claim("wh_1", "a")
    stage.claims.failed(claim, "busy", last=False)
    assert stage.claims.claim("wh_1", "b").tries == 1


def test_a_busy_benchling_delays_the_next_try_as_it_asks(stage):
    stage.send()
    stage.server.faults["/api/v2/entries/etr_1"] = [(429, {"Retry-After": "90"})]
    stage.next()
    assert stage.waiting() == [0, 1]
    assert "429" in stage.item("webhook#wh_1")["reason"]["S"]


def test_a_message_that_is_no_event_is_a_dead_letter_at_once(stage):
    stage.sqs.send_message(
        QueueUrl=stage.intake, MessageBody="{}", MessageGroupId="g", MessageDeduplicationId="d"
    )
    stage.next()
    (letter,) = stage.received(stage.letters)
    assert "not an event" in letter["MessageAttributes"]["reason"]["StringValue"]
    assert stage.waiting() == [0, 0]


@pytest.mark.parametrize("body", ["", "[]", "{}", "[" * 5000, '{"webhook_id": 1}'])
def test_what_the_intake_cannot_have_written_is_told(body):
    with pytest.raises(EventError):
        read_event(body)


def test_an_event_without_an_id_is_none():
    body = {"webhook_id": "", "received_at": 1, "route": "event", "entry_id": "e"}
    with pytest.raises(EventError, match="lacks"):
        read_event(json.dumps({**body, "payload": {"message": {"type": "t"}}}))


def test_a_stopping_worker_gives_back_without_a_try(stage):
    stage.send()
    stage.deliveries.give_back.set()
    stage.next()
    assert stage.waiting() == [1, 0]
    stage.deliveries = stage.worker()
    stage.next()
    assert len(stage.files()) == 6
    assert "tries" not in stage.item("webhook#wh_1")


def test_what_arrives_while_stopping_goes_back_unclaimed(stage):
    stage.send()
    stopping = threading.Event()
    stopping.set()
    stage.deliveries.next(stopping)
    assert stage.waiting() == [1, 0]


def test_a_lost_claim_ends_the_work_and_keeps_the_message(stage):
    stage.send()

    def take_over(*_):
        late = Claims(stage.dynamodb, "claims", 60, clock=lambda: time.time() + 100)
        late.claim("wh_1", "another")
        return entry("etr_1")

    stage.parts.notebook.entry = take_over
    stage.next()
    assert stage.received(stage.packaging) == []
    assert stage.item("webhook#wh_1")["owner"]["S"] == "another"
    assert stage.waiting() == [0, 1]


def test_an_unexpected_fault_is_a_try_and_says_no_more_than_its_kind(stage):
    stage.send()

    def broken(*_):
        raise RuntimeError("token=secret")

    stage.parts.notebook.entry = broken
    stage.next()
    reason = stage.item("webhook#wh_1")["reason"]["S"]
    assert reason == "RuntimeError: a fault of the worker; its log has the trace"


def test_reasons_name_what_refused():
    error = ClientError({"Error": {"Code": "SlowDown", "Message": "secret"}}, "PutObject")
    assert reason_of(error) == "PutObject answered SlowDown"


def test_a_held_event_says_for_how_long(stage):
    stage.claims.claim("wh_1", "a")
    held = stage.claims.claim("wh_1", "b")
    assert isinstance(held, Held)
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
            with pytest.raises(module.LostClaimError):
                lease.check()

    def test_is_lost_when_the_claim_is(self):
        def lost():
            raise module.LostClaimError

        with Lease(lost, 0.03, threading.Event()) as lease:
            time.sleep(0.1)
            with pytest.raises(module.LostClaimError):
                lease.check()

    def test_ends_when_the_worker_must_stop(self):
        stop = threading.Event()
        stop.set()
        with Lease(lambda: None, 60, stop) as lease, pytest.raises(GiveBackError):
            lease.check()


def test_a_new_canvas_finds_its_entry_and_shows_the_export(stage):
    stage.send_canvas("created", entry_id="", canvasId="cnvs_1", featureId="f")
    assert stage.next()
    assert stage.files() == {}
    assert stage.next()
    assert "benchling/EXP1/report.pdf" in stage.files()
    states = [canvas["blocks"][0]["value"] for canvas in stage.server.drawn]
    assert "running since" in states[0]
    assert "`s3://packages/benchling/EXP1/`" in states[1]
    assert "done" in states[1]
    assert stage.item("webhook#wh_c")["state"]["S"] == "done"
    assert stage.waiting() == [0, 0]


def test_a_canvas_that_is_asked_for_is_made_with_the_package_in_it(stage):
    stage.send_canvas("initialized", resourceId="etr_1", featureId="f")
    assert stage.next()
    (canvas,) = stage.server.drawn
    assert (canvas["featureId"], canvas["resourceId"]) == ("f", "etr_1")
    assert "done" in stage.shown()


def test_a_page_is_drawn_without_an_export(stage):
    stage.send_canvas("userInteracted", canvasId="cnvs_1", buttonId="page-1:etr_1")
    assert stage.next()
    assert stage.files() == {}
    assert "none yet" in stage.shown()
    assert stage.received(stage.packaging) == []


def test_the_button_makes_the_package_again(stage):
    stage.send()
    stage.next()
    stage.send_canvas("userInteracted", canvasId="cnvs_1", buttonId="update-package:etr_1")
    stage.next()
    assert len(stage.received(stage.packaging)) == 2
    assert "`report.pdf`" in stage.server.drawn[-1]["blocks"][1]["value"]


def test_a_canvas_that_is_gone_costs_no_package(stage):
    stage.server.canvases["cnvs_2"] = ""
    stage.send_canvas("userInteracted", canvasId="cnvs_9", buttonId="update-package:etr_1")
    assert stage.next()
    assert "benchling/EXP1/report.pdf" in stage.files()
    assert stage.item("webhook#wh_c")["state"]["S"] == "done"


def test_a_canvas_says_that_its_export_failed_for_good(stage):
    stage.server.states = ["FAILED"]
    stage.send_canvas("userInteracted", canvasId="cnvs_1", buttonId="update-package:etr_1")
    for _ in range(module.TRIES):
        stage.next()
    assert "failed" in stage.shown()
    assert "no such page" in stage.shown()


def test_a_canvas_without_an_entry_ends_as_a_dead_letter(stage):
    stage.send_canvas("created", entry_id="", canvasId="cnvs_9", featureId="f")
    for _ in range(module.TRIES):
        stage.next()
    (letter,) = stage.received(stage.letters)
    assert (
        "the canvas: Benchling answered 404" in letter["MessageAttributes"]["reason"]["StringValue"]
    )
