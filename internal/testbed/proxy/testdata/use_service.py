"""Have the service's own code call AWS with the hardest that it is given.

The endpoint is the argument. Whether a limit was broken is for the proxy to say; an
error of AWS ends the program.
"""

import io
import sys
import time
import zipfile

import boto3
from botocore.config import Config
from src.export.export_status import ExportStatuses
from src.queues.canvas_view import CanvasView
from src.queues.claims import Claims
from src.queues.event import EVENT_BYTES, Event, from_message
from src.queues.sqs import DeadLetterQueue, Queue
from src.store.archive import Archive
from src.store.package_store import PackageStore
from src.store.packages import Package
from src.store.packaging_queue import PackagingQueue
from src.webhook.batch_sender import IntakeError
from src.webhook.intake import Intake, queue_client

# What SQS takes in no body and in no identifier, and keys and texts may yet have.
ODD = "\x00\x1f\x7f\x85\ud800\ufffe\uffff\U0001ffffé"
WEBHOOK_ID = "~" * 256
ENTRY_ID = "e" * 100


def event_of(text):
    """An event with a text in its message."""
    message = {"type": "v2.entry.created", "resourceId": ENTRY_ID, "text": text}
    return Event(WEBHOOK_ID, time.time(), ENTRY_ID, {"message": message})


def accept(intake, event):
    """Take an event in, again where a slow machine takes too long, as Benchling does."""
    for attempt in range(10):
        try:
            intake.accept(event, ODD)
        except IntakeError:
            if attempt == 9:
                raise
        else:
            return


def receive(queue):
    """Return the next message."""
    while not (received := queue.receive(60, 1)):
        pass
    return received


def use_queues(sqs, url_of):
    """Take events in, receive them, end them as dead letters, ask for packages."""
    intake = Intake(queue_client("us-east-1"), url_of("events.fifo"))
    largest = event_of("\ue000" * ((EVENT_BYTES - 800) // 3))
    assert len(largest.to_message().encode()) > EVENT_BYTES - 1200
    events = Queue(sqs, url_of("events.fifo"))
    for number, event in enumerate((event_of(ODD), largest)):
        webhook_id = f"{WEBHOOK_ID[1:]}{number}"
        accept(intake, Event(webhook_id, 0, ENTRY_ID, event.payload))
        received = receive(events)
        assert from_message(received.body).entry_id == ENTRY_ID
        letters = DeadLetterQueue(Queue(sqs, url_of("letters.fifo")))
        letters.send(received, webhook_id, ODD, ODD + "\U0001ffff" * 600, 18)
        events.change_visibility(received, 1e6)
        events.delete(received)
    package = Package("bucket", f"{'p' * 100}/{'d' * 100}", "d" * 100, metadata=ODD)
    PackagingQueue(events, ODD).request_package(package, ENTRY_ID, WEBHOOK_ID)
    Queue(sqs, url_of("revisions")).send("{}", delay_seconds=1e6)


def use_table(dynamodb):
    """Claim, fail, and change how an entry stands."""
    claims = Claims(dynamodb, "claims", 60)
    claim = claims.claim(WEBHOOK_ID, "owner")
    claims.stored(claim, Package("bucket", "p" * 201, "d" * 100).as_item())
    claims.failed(claim, ODD[5:] or "-", last=False)
    statuses = ExportStatuses(dynamodb, "claims", lambda entry_id, version: None)
    assert statuses.own_package("p" * 201, ENTRY_ID)
    for number in range(60):
        statuses.remember_canvas(ENTRY_ID, f"{number:0100d}", CanvasView(999_999))
    statuses.change(ENTRY_ID, lambda _: {"state": "failed", "reason": "x" * 500})


def use_bucket(s3):
    """Store an export of odd names beside what is in their place, twice."""
    name = f"{'p' * 100}/{'d' * 100}"
    names = ["é" * 600 + ".txt", "a\ufffe\x7f.txt", "a/" * 300 + "b", "plain.txt", "large.bin"]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as written:
        for it in names:
            written.writestr(it, b"x" * (11 * 1024**2 if it == "large.bin" else 5))
    s3.put_object(Bucket="bucket", Key=f"{name}/plain.txt", Body=b"foreign")
    for _ in range(2):
        store = PackageStore(s3, "bucket", lambda: None)
        stored = store.write(name, ENTRY_ID, Archive(content), lambda _: {"README.md": b"text"})
        assert len(stored.contents.files) == len(names)


def main():
    """Use each."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 1})
    sqs, dynamodb, s3 = (
        boto3.client(it, region_name="us-east-1", endpoint_url=sys.argv[1], config=config)
        for it in ("sqs", "dynamodb", "s3")
    )
    use_queues(sqs, lambda name: f"{sys.argv[1]}/000000000000/{name}")
    use_table(dynamodb)
    use_bucket(s3)


main()
