"""The worker's parts on emulated AWS and a Benchling server, driven step by step."""

import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import httpx
from jsonschema import Draft202012Validator

from src.canvas.canvas import Canvas
from src.canvas.canvas_consumer import CanvasConsumer, CanvasDependencies
from src.canvas.catalog import Catalog
from src.canvas.linked_package import LinkedPackage
from src.canvas.redraw import announce
from src.canvas.revision_consumer import RevisionConsumer
from src.export import benchling_client as benchling_module
from src.export.benchling_client import BenchlingClient
from src.export.export_consumer import Attempts, ExportConsumer, ExportQueues
from src.export.export_status import ExportStatuses
from src.export.exporter import ExportDependencies, Exporter, ExportLimits
from src.export.retry_transport import RetryTransport
from src.queues import consumer as consumer_module
from src.queues.claims import Claims
from src.queues.consumer import Consumer
from src.queues.event import Event
from src.queues.sqs import DeadLetterQueue, Queue
from src.runtime.metrics import Metrics
from src.store.manifests import Manifests
from src.store.package_store import PackageStore
from src.store.packaging_queue import PackagingQueue

from .benchling_api import webhook_problems
from .benchling_server import BenchlingServer, entry
from .emulator import aws_client, create_bucket, create_queue, create_table, stored_objects
from .webhooks import webhook

# To read the certificates takes longer than an export.
TLS = httpx.create_ssl_context()
# What Quilt's documentation says of its messages, which the rehearsal's stand-in reads, too.
SCHEMAS = Path(__file__).parents[2] / "internal" / "testbed" / "quilt" / "schema"
QUEUES = ("intake.fifo", "canvas.fifo", "dead-letters.fifo", "packaging.fifo", "revisions")


class Stage:
    """A worker that does one thing at a time, and the queues and stores it works with."""

    def __init__(self, server: BenchlingServer, lease_seconds=60, interval=0, confirm_seconds=0):
        self.server = server
        self.sqs, self.dynamodb, self.s3 = map(aws_client, ("sqs", "dynamodb", "s3"))
        create_bucket("packages")
        create_table()
        self.urls = {name: create_queue(name) for name in QUEUES}
        self.intake, self.canvas_queue, dead_letters, self.packaging_queue, self.revisions = (
            Queue(self.sqs, url) for url in self.urls.values()
        )
        self.dead_letters = DeadLetterQueue(dead_letters)
        self.claims = Claims(self.dynamodb, "claims", lease_seconds)
        self.statuses = ExportStatuses(
            self.dynamodb,
            "claims",
            lambda entry_id, version: announce(self.canvas_queue, entry_id, version),
        )
        self.metrics = Metrics("stack")
        self.confirmations = RevisionConsumer(
            self.revisions, self.statuses, self.metrics, confirm_seconds
        )
        self.give_back = threading.Event()
        transport = RetryTransport(httpx.HTTPTransport(TLS), lambda _: True, whole=True)
        self.benchling = BenchlingClient(
            server.address, "id", "secret", httpx.Client(transport=transport)
        )
        self.dependencies = ExportDependencies(
            self.benchling,
            httpx.Client(transport=RetryTransport(httpx.HTTPTransport(TLS), lambda _: True)),
            self.s3,
            PackagingQueue(self.packaging_queue),
            self.claims,
            self.statuses,
            self.confirmations.confirm_later,
            self.metrics,
        )
        self.lease_seconds, self.interval, self.export_seconds = lease_seconds, interval, 60
        self.build()

    def build(self, **dependencies):
        """Make the consumers anew, with other parts."""
        self.dependencies = replace(self.dependencies, **dependencies)
        store = PackageStore(self.s3, "packages", lambda: None)
        catalog = Catalog("packages", "quilt.example.com")
        linked = LinkedPackage(Manifests(self.s3, lambda: None), catalog)
        canvas = Canvas(catalog, store, linked_by="experiment_id", linked=linked)
        exports = ExportConsumer(
            ExportQueues(self.intake, self.canvas_queue, self.dead_letters),
            self.dependencies.claims,
            Exporter(
                self.dependencies,
                "packages",
                "benchling",
                ExportLimits(self.interval, self.export_seconds),
            ),
            Attempts(self.lease_seconds, 0, self.give_back),
            self.metrics,
        )
        canvases = CanvasConsumer(
            CanvasDependencies(
                self.canvas_queue,
                self.intake,
                self.dead_letters,
                self.benchling,
                self.statuses,
                self.dependencies.claims,
                canvas,
            ),
            self.give_back,
        )
        self.exports = Consumer(self.intake, exports.process, self.lease_seconds, self.dead_letters)
        self.canvases = Consumer(self.canvas_queue, canvases.process, 6, self.dead_letters)
        self.confirmer = Consumer(self.revisions, self.confirmations.process, 30)

    def event(self, webhook_id="wh_1", entry_id="etr_1", received_at=0.0, **message):
        self.server.entries.setdefault("etr_1", entry("etr_1"))
        if entry_id:
            self.server.entries.setdefault(entry_id, entry(entry_id))
        payload = webhook(message.pop("type", "v2.entry.created"), **message)
        if "resourceId" in payload["message"]:
            payload["message"]["resourceId"] = entry_id
        assert webhook_problems(payload) == []
        return Event(webhook_id, received_at or time.time(), entry_id, payload)

    def send(self, webhook_id="wh_1", entry_id="etr_1", received_at=0.0):
        event = self.event(webhook_id, entry_id, received_at)
        self.intake.send(event.to_message(), entry_id, webhook_id)

    def ask(self, kind, entry_id="etr_1", webhook_id="wh_c", **message):
        """Have a canvas ask for something, as the web service queues it."""
        self.server.canvases.setdefault("cnvs_1", "etr_1")
        event = self.event(webhook_id, entry_id, type=f"v2.canvas.{kind}", **message)
        self.canvas_queue.send(event.to_message(), entry_id or "cnvs_1", webhook_id)

    def press(self, button, canvas_id="cnvs_1", webhook_id="wh_c"):
        self.ask("userInteracted", webhook_id=webhook_id, canvasId=canvas_id, buttonId=button)

    def next(self):
        """Process an event."""
        return self.exports.poll(threading.Event())

    def draw(self):
        """Process all that canvases ask for."""
        while self.canvases.poll(threading.Event()):
            pass

    def requested(self, name="packaging.fifo"):
        """Take the packaging messages, which are as Quilt documents them."""
        messages = [json.loads(message["Body"]) for message in self.received(name)]
        for message in messages:
            validate("packaging-message", message)
        return messages

    def confirm(self, name="benchling/EXP1", top_hash="b" * 64, at="2027-06-01T00:00:00Z"):
        """Have Quilt say that a revision exists, and process that."""
        detail = {"version": "0.1", "type": "created", "bucket": "packages"}
        event = {
            "version": "0",
            "id": "6425eb6a-9627-e6a1-2ae8-9d2d8883dc74",
            "account": "123456789012",
            "region": "us-east-1",
            "resources": [],
            "source": "com.quiltdata",
            "detail-type": "package-revision",
            "time": at,
            "detail": {**detail, "handle": name, "topHash": top_hash},
        }
        validate("package-revision", event)
        self.revisions.send(json.dumps(event))
        assert self.confirmer.poll(threading.Event())

    def shown(self, block="state"):
        """What the last drawn canvas says."""
        blocks = {it["id"]: it.get("value") for it in self.server.drawn[-1]["blocks"]}
        return blocks.get(block)

    def received(self, name):
        """Take up to ten messages of a queue."""
        response = self.sqs.receive_message(
            QueueUrl=self.urls[name], MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        messages = response.get("Messages", [])
        for message in messages:
            self.sqs.delete_message(
                QueueUrl=self.urls[name], ReceiptHandle=message["ReceiptHandle"]
            )
        return messages

    def waiting(self, name="intake.fifo"):
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        response = self.sqs.get_queue_attributes(QueueUrl=self.urls[name], AttributeNames=counts)
        return [int(response["Attributes"][it]) for it in counts]

    def files(self, prefix="benchling/EXP1/"):
        return stored_objects("packages", prefix)

    def item(self, key):
        return self.dynamodb.get_item(TableName="claims", Key={"id": {"S": key}})["Item"]


def validate(name, value):
    """Hold a message against a schema of Quilt's."""
    Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text())).validate(value)


def quick(monkeypatch):
    """Wait for no message."""
    monkeypatch.setattr(consumer_module, "POLL_SECONDS", 0)
    monkeypatch.setattr(benchling_module, "FIRST_POLL_SECONDS", 0.01)
