"""Concurrent messages share calls, and each gets its own verdict."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from src import batches as module
from src.batches import BATCH_BYTES, Batches, IntakeError, Message


class Queue:
    """Answers after a while, and refuses the bodies that it is told to."""

    def __init__(self, seconds=0.0):
        self.seconds, self.calls, self.lock = seconds, [], threading.Lock()

    def send_message_batch(self, QueueUrl, Entries):  # noqa: N803, ARG002
        with self.lock:
            self.calls.append([entry["MessageBody"] for entry in Entries])
        time.sleep(self.seconds)
        answer = {"Successful": [], "Failed": []}
        for entry in Entries:
            if entry["MessageBody"] == "silent":
                continue
            bad = entry["MessageBody"] == "bad"
            answer["Failed" if bad else "Successful"].append({"Id": entry["Id"], "Code": "Broken"})
        return answer


def message(body):
    return Message(body, "group", body[:20])


def test_what_waits_shares_a_call():
    queue = Queue(0.05)
    batches = Batches(queue, "url")
    with ThreadPoolExecutor(40) as threads:
        list(threads.map(lambda number: batches.send(message(str(number))), range(40)))
    assert sorted(int(body) for call in queue.calls for body in call) == list(range(40))
    assert len(queue.calls) < 20
    assert max(map(len, queue.calls)) <= 10


def test_a_batch_is_never_too_large(monkeypatch):
    monkeypatch.setattr(module, "SENDERS", 1)
    queue = Queue(0.02)
    batches = Batches(queue, "url")
    half = "x" * (BATCH_BYTES // 2)
    with ThreadPoolExecutor(7) as threads:
        list(threads.map(lambda number: batches.send(message(f"{number}{half}")), range(7)))
    assert len(queue.calls) == 7


@pytest.mark.parametrize(("body", "fault"), [("bad", "Broken"), ("silent", "no confirmation")])
def test_one_refused_message_fails_alone(monkeypatch, body, fault):
    monkeypatch.setattr(module, "SENDERS", 1)
    queue = Queue(0.05)
    batches = Batches(queue, "url")
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
    slow, late = Batches(queue, "url"), message("late")
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
        Batches(Broken(), "url").send(message("a"))
