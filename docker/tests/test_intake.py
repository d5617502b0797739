import json

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from src.queues.event import Event
from src.webhook import intake as module
from src.webhook.batch_sender import IntakeError
from src.webhook.intake import Intake, queue_client

EVENT = Event("wh_1", 1.5, "etr_1", {"message": {"type": "v2.entry.created"}})


class Broken:
    """A client whose calls fail, or succeed and are counted."""

    def __init__(self, error=None):
        self.error, self.calls = error, 0

    def send_message_batch(self, **request):
        self.get_queue_attributes()
        return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]]}

    def get_queue_attributes(self, **_):
        self.calls += 1
        if self.error:
            raise self.error


def test_an_event_is_in_the_queue_in_its_entrys_group(queue):
    client, url = queue
    assert Intake(client, url).accept(EVENT, "etr_1")
    received = client.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])
    (message,) = received["Messages"]
    body = json.loads(message["Body"])
    assert body == {
        "version": 1,
        "webhook_id": "wh_1",
        "received_at": 1.5,
        "entry_id": "etr_1",
        "payload": EVENT.payload,
    }


def test_the_ids_are_benchlings_where_sqs_allows_them(queue):
    client, url = queue
    intake = Intake(client, url)
    intake.accept(EVENT, "etr_1")
    intake.accept(Event("wh 2", 1.5, "e" * 200, {}), "e" * 200)
    received = client.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
    )
    ids = [message["Attributes"]["MessageGroupId"] for message in received["Messages"]]
    assert ids[0] == "etr_1"
    assert len(ids[1]) == 64


def test_a_webhook_id_is_written_once(queue):
    client, url = queue
    intake = Intake(client, url)
    assert intake.accept(EVENT, "etr_1")
    assert not intake.accept(EVENT, "etr_1")


def test_unqueued_event_is_not_a_duplicate():
    client = Broken(ConnectTimeoutError(endpoint_url="http://127.0.0.1"))
    intake = Intake(client, "q")
    with pytest.raises(IntakeError, match=r"^ConnectTimeoutError$"):
        intake.accept(EVENT, "etr_1")
    client.error = None
    assert intake.accept(EVENT, "etr_1")
    assert client.calls == 2


def test_the_memory_of_accepted_ids_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "REMEMBER_AT_MOST", 2)
    client = Broken()
    intake = Intake(client, "q")
    for number in range(4):
        intake.accept(Event(f"wh_{number}", 1.5, "etr", {}), "etr")
    assert intake.accept(Event("wh_0", 1.5, "etr", {}), "etr")


def test_unreachable_queue_is_reported_by_the_errors_name():
    error = ClientError({"Error": {"Code": "AccessDenied", "Message": "secret"}}, "Get")
    client = Broken(error)
    intake = Intake(client, "q")
    assert "(AccessDenied)" in intake.problem()
    assert intake.problem()
    assert client.calls == 1
    assert Intake(Broken(), "q").problem() == ""


def test_the_client_gives_up_before_benchling_does():
    config = queue_client("eu-west-1").meta.config
    attempts = config.retries["total_max_attempts"]
    assert attempts * (config.connect_timeout + config.read_timeout) < 3
