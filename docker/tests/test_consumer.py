"""What becomes of a message that fails before anybody has counted an attempt."""

import threading
from contextlib import suppress

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from src.canvas.package_search import SearchError
from src.export.benchling_responses import REFUSALS, BenchlingClientError
from src.export.download import DownloadError
from src.export.retry_transport import UnavailableError
from src.queues.canvas_request import EventError
from src.queues.consumer import MAX_RECEIVES, Consumer
from src.queues.event import NewerVersionError
from src.queues.failures import kind_of, may_be_the_release, pause_after, reason_of
from src.queues.sqs import Received
from src.runtime.errors import Kind, PermanentError, ServiceError, TransientError
from src.runtime.time_limits import TimeLimitError
from src.store.archive import ArchiveError, MemberError
from src.store.package_store import StoreError
from src.store.packages import PackageNameError

REFUSED_BY_AWS = ClientError({"Error": {"Code": "ValidationException"}}, "UpdateItem")
NOT_ALLOWED = ClientError({"Error": {"Code": "AccessDenied", "Message": "secret"}}, "PutObject")


class OneMessage:
    """A queue of one message, which records what is done with it."""

    def __init__(self, receives):
        self.message = Received("id-1", "receipt", "{}", receives)
        self.hidden, self.deleted, self.dead_letters = [], 0, []

    def receive(self, *_):
        return self.message

    def change_visibility(self, _message, seconds):
        self.hidden.append(seconds)

    def delete(self, _message):
        self.deleted += 1

    def send(self, _message, event_id, _group, reason, attempts):
        assert not self.deleted
        self.dead_letters.append((event_id, reason, attempts))


def polled(error, receives=1, dead_letters=True):
    queue = OneMessage(receives)

    def process(_):
        if error:
            raise error

    consumer = Consumer(queue, process, 30, queue if dead_letters else None)
    with suppress(Exception):
        consumer.poll(threading.Event())
    return queue


@pytest.mark.parametrize(
    "error", [EventError("no event"), ArchiveError("no ZIP"), REFUSED_BY_AWS], ids=str
)
def test_permanent_failure_is_dead_lettered_at_once_with_its_reason(error):
    queue = polled(error)
    assert queue.dead_letters == [("id-1", reason_of(error), 1)]
    assert queue.deleted == 1


@pytest.mark.parametrize("error", [NOT_ALLOWED, KeyError("x"), UnavailableError("away")], ids=str)
def test_transient_failure_is_retried_with_growing_pause_then_dead_lettered(error):
    assert [polled(error, receives).hidden for receives in (1, 2, 5, 17)] == [[1], [2], [16], [60]]
    last = polled(error, MAX_RECEIVES)
    assert last.dead_letters == [("id-1", reason_of(error), MAX_RECEIVES)]


def test_message_that_kills_workers_is_dead_lettered_unprocessed():
    queue = polled(None, MAX_RECEIVES + 1)
    ((_, reason, attempts),) = queue.dead_letters
    assert "killed" in reason
    assert attempts == MAX_RECEIVES + 1


def test_a_later_versions_message_waits():
    queue = polled(NewerVersionError("version 2"))
    assert (queue.hidden, queue.dead_letters, queue.deleted) == ([60], [], 0)


def test_permanent_failure_is_deleted_without_dead_letter_queue():
    assert polled(EventError("x"), dead_letters=False).deleted == 1


FORESEEN = [
    (EventError("no event"), Kind.PERMANENT),
    (ArchiveError("no ZIP"), Kind.PERMANENT),
    (MemberError("is damaged"), Kind.PERMANENT),
    (PackageNameError("taken"), Kind.PERMANENT),
    (BenchlingClientError("the entry: Benchling answered 404", 404), Kind.PERMANENT),
    (BenchlingClientError("the entry: Benchling's response is incomplete"), Kind.TRANSIENT),
    (DownloadError("changed"), Kind.TRANSIENT),
    (UnavailableError("away"), Kind.TRANSIENT),
    (TimeLimitError("the export took longer than 60 s"), Kind.TRANSIENT),
    (StoreError("not whole"), Kind.TRANSIENT),
    (SearchError("Athena failed"), Kind.TRANSIENT),
]


@pytest.mark.parametrize(("error", "kind"), FORESEEN, ids=lambda it: str(it)[:40])
def test_a_foreseen_error_says_its_kind_and_its_reason(error, kind):
    assert kind_of(error) is kind
    assert reason_of(error) == str(error)
    # What a server or a person does just now is no fault of the release.
    assert may_be_the_release(error) == (kind is Kind.PERMANENT)


def test_every_foreseen_error_has_a_sample():
    found, known = [ServiceError], {type(error) for error, _ in FORESEEN}
    for error in found:
        found += error.__subclasses__()
    found = {it for it in found if it.__module__.startswith("src.")}
    assert found - known == {ServiceError, PermanentError, TransientError}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (REFUSED_BY_AWS, Kind.PERMANENT),
        (NOT_ALLOWED, Kind.TRANSIENT),
        (EndpointConnectionError(endpoint_url="http://x"), Kind.TRANSIENT),
        (KeyError(), Kind.OURS),
    ],
    ids=lambda it: str(it)[:40],
)
def test_the_kinds_of_other_errors(error, kind):
    assert kind_of(error) is kind
    assert may_be_the_release(error)
    assert ("fault of the worker" in reason_of(error)) == (kind is Kind.OURS)


@pytest.mark.parametrize("status", [*range(400, 430), *range(500, 505)])
def test_benchlings_refusals(status):
    error = BenchlingClientError(f"the entry: Benchling answered {status}", status)
    wanted = Kind.PERMANENT if status in REFUSALS else Kind.TRANSIENT
    assert kind_of(error) is wanted
    assert {401, 408, 409, 425, 429, 500, 503}.isdisjoint(REFUSALS)


def test_a_pause_is_as_long_as_the_server_asks():
    assert pause_after(UnavailableError("busy", 90), 15) == 90
    assert pause_after(UnavailableError("busy", 9), 15) == 15
    assert pause_after(KeyError(), 15) == 15


def test_reason_does_not_quote_aws_messages():
    assert reason_of(NOT_ALLOWED) == "PutObject answered AccessDenied"
