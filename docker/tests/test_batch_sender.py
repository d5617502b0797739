"""Concurrent messages share calls, and each gets its own verdict."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from src.webhook import batch_sender as module
from src.webhook.batch_sender import (
    BATCH_BYTES,
    Admission,
    BatchSender,
    IntakeError,
    Message,
    MessageRefusedError,
)

from .waiting import until


class Queue:
    """Responds after a while, and refuses the bodies that it must."""

    def __init__(self, seconds=0.0):
        self.seconds, self.calls, self.lock = seconds, [], threading.Lock()

    def send_message_batch(self, QueueUrl, Entries):  # noqa: N803, ARG002
        with self.lock:
            self.calls.append([entry["MessageBody"] for entry in Entries])
        time.sleep(self.seconds)
        response = {"Successful": [], "Failed": []}
        for entry in Entries:
            if entry["MessageBody"] == "silent":
                continue
            bad = entry["MessageBody"] == "bad"
            response["Failed" if bad else "Successful"].append(
                {"Id": entry["Id"], "Code": "Broken"}
            )
        return response


def message(body):
    return Message(body, "group", body[:20])


def test_waiting_messages_share_a_call():
    queue = Queue(0.05)
    batches = BatchSender(queue, "url", Admission())
    with ThreadPoolExecutor(40) as threads:
        list(threads.map(lambda number: batches.send(message(str(number))), range(40)))
    assert sorted(int(body) for call in queue.calls for body in call) == list(range(40))
    assert len(queue.calls) < 20
    assert max(map(len, queue.calls)) <= 10


def test_a_batch_is_never_too_large(monkeypatch):
    monkeypatch.setattr(module, "SENDERS", 1)
    queue = Queue(0.02)
    batches = BatchSender(queue, "url", Admission())
    half = "x" * (BATCH_BYTES // 2)
    with ThreadPoolExecutor(7) as threads:
        list(threads.map(lambda number: batches.send(message(f"{number}{half}")), range(7)))
    assert len(queue.calls) == 7


@pytest.mark.parametrize(("body", "fault"), [("bad", "Broken"), ("silent", "no confirmation")])
def test_one_refused_message_fails_alone(monkeypatch, body, fault):
    monkeypatch.setattr(module, "SENDERS", 1)
    queue = Queue(0.05)
    batches = BatchSender(queue, "url", Admission())
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(batches.send, message("first"))
        time.sleep(0.02)
        good = [threads.submit(batches.send, message(f"good {number}")) for number in range(2)]
        refused = threads.submit(batches.send, message(body))
        for sent in (first, *good):
            assert sent.result(2) is None
        with pytest.raises(IntakeError, match=fault):
            refused.result(2)
    assert max(map(len, queue.calls)) > 1


def test_a_message_that_is_given_up_is_never_sent(monkeypatch):
    monkeypatch.setattr(module, "SENDERS", 1)
    queue = Queue(0.3)
    slow, late = BatchSender(queue, "url", Admission()), message("late")
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(slow.send, message("first"))
        time.sleep(0.05)
        monkeypatch.setattr(slow, "_wait_seconds", 0.05)
        with pytest.raises(IntakeError, match="in time"):
            slow.send(late)
        assert first.result(2) is None
    time.sleep(0.4)
    assert queue.calls == [["first"]]


def test_a_fault_of_the_client_is_every_messages():
    class Broken:
        def send_message_batch(self, **_):
            raise KeyError("secret")

    with pytest.raises(IntakeError, match=r"^KeyError$"):
        BatchSender(Broken(), "url", Admission()).send(message("a"))


class Answering:
    """A client that responds with what it is given, or raises it."""

    def __init__(self, *responses):
        self.responses = list(responses)

    def send_message_batch(self, QueueUrl, Entries):  # noqa: N803, ARG002
        response = self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]
        if isinstance(response, Exception):
            raise response
        return response


@pytest.mark.parametrize(
    "odd",
    [
        {"Successful": [{"Id": "never sent"}]},
        {"Successful": [{"Id": "7"}], "Failed": [{"Id": "8"}]},
        {"Successful": [{}]},
        {"Successful": None},
        {"Failed": [{"Id": "0"}]},
        [],
        None,
    ],
    ids=str,
)
def test_next_message_is_sent_after_any_response(odd):
    batches = BatchSender(Answering(odd, {"Successful": [{"Id": "0"}]}), "url", Admission())
    with pytest.raises(IntakeError):
        batches.send(message("a"))
    assert batches.send(message("b")) is None


def test_a_message_that_is_confirmed_twice_is_confirmed():
    twice = {"Successful": [{"Id": "0"}, {"Id": "0"}], "Failed": [{"Id": "0", "Code": "x"}]}
    assert BatchSender(Answering(twice), "url", Admission()).send(message("a")) is None


def refused(code):
    return ClientError({"Error": {"Code": code, "Message": "secret"}}, "SendMessageBatch")


@pytest.mark.parametrize(
    "response",
    [
        refused("InvalidMessageContents"),
        {"Failed": [{"Id": "0", "Code": "InvalidMessageContents", "SenderFault": True}]},
    ],
)
def test_refused_message_raises_message_refused_error(response):
    with pytest.raises(MessageRefusedError, match=r"^InvalidMessageContents$"):
        BatchSender(Answering(response), "url", Admission()).send(message("a"))


@pytest.mark.parametrize("has_taken", [False, True])
def test_a_queue_that_takes_nothing_is_at_fault_and_not_the_message(has_taken):
    taken = {"Successful": [{"Id": "0"}]}
    queue = Answering(*[taken] * has_taken, refused("InvalidParameterValue"))
    batches = BatchSender(queue, "url", Admission())
    if has_taken:
        batches.send(message("a"))
    with pytest.raises(MessageRefusedError if has_taken else IntakeError):
        batches.send(message("b"))


def test_one_message_that_spoils_a_call_fails_alone(monkeypatch):
    monkeypatch.setattr(module, "SENDERS", 1)

    called, others_wait = threading.Event(), threading.Event()

    class Spoiled(Queue):
        def send_message_batch(self, QueueUrl, Entries):  # noqa: N803
            called.set()
            assert others_wait.wait(5)
            if any(entry["MessageBody"] == "poison" for entry in Entries):
                raise refused("InvalidParameterValue")
            return super().send_message_batch(QueueUrl, Entries)

    batches = BatchSender(Spoiled(), "url", Admission())
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(batches.send, message("first"))
        assert called.wait(5)
        sent = [threads.submit(batches.send, message(it)) for it in ("a", "poison", "b")]
        until(lambda: batches._waiting.qsize() == 3)
        others_wait.set()
        assert [first.result(2), sent[0].result(2), sent[2].result(2)] == [None] * 3
        with pytest.raises(MessageRefusedError):
            sent[1].result(2)


class Hanging(Queue):
    """Responds nothing until it is back."""

    def __init__(self):
        super().__init__()
        self.back = threading.Event()

    def send_message_batch(self, QueueUrl, Entries):  # noqa: N803
        # A tenth of what the client waits, as all times here.
        if not self.back.wait(0.14):
            raise ReadTimeoutError(endpoint_url="http://127.0.0.1")
        return super().send_message_batch(QueueUrl, Entries)


def test_silent_queue_fails_events_in_bounded_time(monkeypatch):
    """50 events a second for three seconds, and the queue is back: all times are a tenth."""
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.22)
    queue = Hanging()
    batches = BatchSender(queue, "url", Admission(slow_seconds=0.05))
    verdicts, lock = [], threading.Lock()

    def send(number):
        began = time.monotonic()
        try:
            batches.send(message(str(number)))
            verdict = "sent"
        except IntakeError as error:
            verdict = str(error)
        with lock:
            verdicts.append((verdict, time.monotonic() - began))

    with ThreadPoolExecutor(40) as threads:
        for number in range(150):
            threads.submit(send, number)
            time.sleep(0.002)
        queue.back.set()
        time.sleep(0.3)
        threads.submit(send, 1000)
    slow = [took for _, took in verdicts if took > 0.29]
    assert not slow
    at_once = [it for it, took in verdicts if "events wait for it" in it and took < 0.1]
    assert len(at_once) > 75
    assert verdicts[-1][0] == "sent"


def test_burst_waits_while_the_queue_responds():
    batches = BatchSender(Queue(0.02), "url", Admission(limit=4))
    with ThreadPoolExecutor(40) as threads:
        sent = [threads.submit(batches.send, message(str(number))) for number in range(40)]
        assert [it.result(3) for it in sent] == [None] * 40
