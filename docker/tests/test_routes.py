import json
import time
from itertools import count

import pytest

from src import keys as keys_module
from src.batches import IntakeError, MessageRefusedError
from src.events import from_message
from src.intake import MESSAGE_BYTES, Intake
from src.keys import KeyProvider, KeysUnavailableError
from src.settings import Settings
from src.webhook_types import WEBHOOK_TYPES, Meaning

from .conftest import app_of, event_body


def post(client, signer, path, body, **headers):
    return client.post(path, data=body, headers={**signer.headers(body), **headers})


def messages(queue, url=""):
    client, intake = queue
    url = url or intake
    received = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/config"])
def test_the_probes_answer_200_when_set_up(client, path):
    assert client.get(path).status_code == 200


def test_not_ready_says_why_and_takes_no_event(queue, signer):
    settings = Settings(port=5000, problems=("BENCHLING_SECRET has no tenant",))
    app = app_of(settings, KeyProvider(lambda: signer.keys), queue)
    client = app.test_client()
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["reasons"] == ["BENCHLING_SECRET has no tenant"]
    assert client.get("/health").status_code == 200
    assert post(client, signer, "/event", event_body()).status_code == 503


def test_not_ready_without_a_queue(queue, signer):
    sqs, url = queue
    settings = Settings(port=5000)
    keys = KeyProvider(lambda: signer.keys)
    keys.refresh()
    app = app_of(settings, keys, (sqs, url + "x"))
    assert "INTAKE_QUEUE_URL" in app.test_client().get("/health/ready").json["reasons"][0]


@pytest.mark.parametrize("kind", ["v2.entry.created", "v2.entry.updated.fields"])
def test_a_signed_event_is_queued_before_the_200(client, signer, queue, kind):
    answer = post(client, signer, "/event", event_body(kind))
    assert (answer.status_code, answer.json) == (200, {"status": "accepted"})
    (queued,) = messages(queue)
    assert queued["payload"] == json.loads(event_body(kind))
    assert (queued["entry_id"], queued["webhook_id"]) == ("etr_1", "wh_1")


def test_a_replay_is_acknowledged_without_effect(client, signer, queue):
    post(client, signer, "/event", event_body())
    answer = post(client, signer, "/event", event_body())
    assert answer.json == {"status": "duplicate"}
    assert len(messages(queue)) == 1


def test_another_type_is_ignored_by_name(client, signer, queue):
    answer = post(client, signer, "/event", event_body("v2.assayRun.created"))
    assert answer.json == {"status": "ignored", "type": "v2.assayRun.created"}
    assert messages(queue) == []


@pytest.fixture
def queues(queue, canvas_queue):
    """The events' queue, with its client, and the address of the canvases'."""
    return queue, canvas_queue


@pytest.mark.parametrize(
    ("message", "entry_id"),
    [
        ({"kind": "v2.canvas.created", "canvasId": "cnvs_1"}, ""),
        ({"kind": "v2-beta.canvas.created", "canvasId": "cnvs_1"}, ""),
        ({"kind": "v2.canvas.initialized", "resourceId": "etr_2", "featureId": "f"}, "etr_2"),
        (
            {
                "kind": "v2.canvas.userInteracted",
                "canvasId": "cnvs_1",
                "buttonId": "update-package:etr_3",
            },
            "etr_3",
        ),
    ],
)
def test_what_a_canvas_asks_for_goes_past_the_exports(client, signer, queues, message, entry_id):
    queue, canvas_queue = queues
    body = event_body(**{"resourceId": None, **message})
    for number, path in enumerate(("/", "/event", "/canvas", "/lifecycle")):
        response = client.post(path, data=body, headers=signer.headers(body, f"wh_{number}"))
        assert (response.status_code, response.json) == (200, {"status": "accepted"})
    assert {it["entry_id"] for it in messages(queue, canvas_queue)} == {entry_id}
    assert messages(queue) == []


@pytest.mark.parametrize("path", ["/", "/event", "/canvas", "/lifecycle"])
def test_a_webhooks_type_counts_and_not_its_route(client, signer, queue, path):
    for number, (kind, meaning) in enumerate(WEBHOOK_TYPES.items()):
        if meaning is Meaning.CANVAS:
            continue
        body = event_body(kind)
        headers = signer.headers(body, f"wh_{number}")
        response = client.post(path, data=body, headers=headers)
        expected = "ignored" if meaning is Meaning.IGNORED else "accepted"
        assert (response.status_code, response.json["status"]) == (200, expected)
    exported = [kind for kind, meaning in WEBHOOK_TYPES.items() if meaning is Meaning.EXPORT]
    assert len(messages(queue)) <= len(exported)
    assert "v2.entry.updated.reviewRecord" in exported


@pytest.mark.parametrize("button", ["other", "page-0:etr_1", "update-package:", None, 7])
def test_a_button_that_is_not_ours_is_ignored(client, signer, queue, button):
    body = event_body("v2.canvas.userInteracted", canvasId="cnvs_1", buttonId=button)
    answer = post(client, signer, "/canvas", body)
    assert answer.json == {"status": "ignored", "type": "v2.canvas.userInteracted"}
    assert messages(queue) == []


@pytest.mark.parametrize("kind", ["created", "initialized", "userInteracted"])
def test_a_canvas_call_without_its_ids_is_400(client, signer, kind):
    body = event_body(f"v2.canvas.{kind}", resourceId=None)
    assert post(client, signer, "/canvas", body).status_code == 400


@pytest.mark.parametrize("kind", ["installed", "activateRequested", "deactivated"])
def test_a_lifecycle_call_is_acknowledged(client, signer, queue, kind):
    answer = post(client, signer, "/lifecycle", event_body(f"v2.app.{kind}"))
    assert answer.json == {"status": "accepted", "type": f"v2.app.{kind}"}
    assert messages(queue) == []


def test_another_lifecycle_type_is_ignored_by_name(client, signer):
    answer = post(client, signer, "/lifecycle", event_body("v2.app.painted"))
    assert answer.json == {"status": "ignored", "type": "v2.app.painted"}


@pytest.mark.parametrize("path", ["/", "/event", "/canvas", "/lifecycle"])
def test_what_is_not_benchlings_is_refused(client, signer, stranger, queue, path):
    body = event_body()
    stale = signer.headers(body, now=time.time() - 3600)
    for headers in ({}, stranger.headers(body), stale, {"webhook-signature": "v1der,x"}):
        answer = client.post(path, data=body, headers=headers)
        assert answer.status_code == 401
        assert answer.json["error"] == "unverified"
    assert messages(queue) == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"message": {}}',
        b"[" * 100_000,
        event_body(resourceId=None),
        event_body(resourceId="\ud800"),
        event_body(kind=7),
    ],
)
def test_a_signed_body_that_makes_no_sense_is_400(client, signer, body):
    answer = post(client, signer, "/event", body)
    assert answer.status_code == 400
    assert answer.json["error"] == "bad_request"


def test_a_body_over_a_mebibyte_is_413(client, signer):
    answer = post(client, signer, "/event", b"x" * (1024 * 1024 + 1))
    assert (answer.status_code, answer.json["error"]) == (413, "request_entity_too_large")


def test_an_event_that_no_message_holds_is_413(client, signer, queue):
    filler = "x" * (1024 * 1024 - len(event_body(note="")))
    answer = post(client, signer, "/event", event_body(note=filler))
    assert answer.status_code == 413
    assert messages(queue) == []


@pytest.mark.parametrize("letter", ["\ud800", "\ufffe", "\uffff", "\x00", "\x7f"])
def test_whatever_is_signed_can_be_stored(client, signer, queue, letter):
    """SQS refuses these: the queue's form has them escaped."""
    assert post(client, signer, "/event", event_body(note=letter)).status_code == 200
    assert messages(queue)[0]["payload"]["message"]["note"] == letter


def test_letters_of_any_language_stay_as_small_as_they_came(client, signer):
    body = event_body(note="é" * 400_000).decode().encode().decode("unicode_escape").encode()
    assert post(client, signer, "/event", body).status_code == 200


def test_unsigned_requests_never_wait_for_keys(queue):
    app = app_of(Settings(port=5000), KeyProvider(lambda: ()), queue)
    began = time.monotonic()
    assert app.test_client().post("/event", data=b"{}").status_code == 401
    assert time.monotonic() - began < 0.5


def test_unknown_routes_and_methods_answer_json(client):
    assert client.get("/nope").json["error"] == "not_found"
    assert client.get("/event").json["error"] == "method_not_allowed"


def test_a_rotated_key_is_found_by_the_first_event_that_it_signed(queue, signer, stranger):
    rotation = iter([stranger.keys, signer.keys])
    # Each look at the clock is a minute later.
    keys = KeyProvider(lambda: next(rotation), clock=count(0.0, 61.0).__next__)
    keys.watch()
    app = app_of(Settings(port=5000), keys, queue)
    assert post(app.test_client(), signer, "/event", event_body()).status_code == 200


def test_without_keys_the_service_is_not_ready_and_says_why(queue, signer, monkeypatch):
    monkeypatch.setattr(keys_module, "WAIT_SECONDS", 0.01)

    def fetch():
        raise ValueError("secret")

    keys = KeyProvider(fetch)
    keys.refresh()
    client = app_of(Settings(port=5000), keys, queue).test_client()
    (reason,) = client.get("/health/ready").json["reasons"]
    assert "can't be fetched (ValueError)" in reason
    answer = post(client, signer, "/event", event_body())
    assert (answer.status_code, answer.json["error"]) == (503, "unavailable")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"webhook-id": "w" * 257}, "webhook-id"),
        ({"webhook-id": "wh 1"}, "webhook-id"),
        ({"webhook-signature": "v1der," + "A" * 5000}, "longer than 2048"),
        ({"webhook-signature": "v1der,!!!"}, "malformed"),
    ],
)
def test_a_header_that_cannot_be_meant_is_named(client, signer, changes, message):
    headers = {**signer.headers(event_body()), **changes}
    answer = client.post("/event", data=event_body(), headers=headers)
    assert answer.status_code == 401
    assert message in answer.json["message"]


@pytest.mark.parametrize("depth", [101, 400, 900, 100_000])
@pytest.mark.parametrize("kind", ["v2.entry.created", "v2.canvas.created"])
def test_what_is_nested_too_deeply_is_refused_once(client, signer, depth, kind):
    body = event_body(kind).decode()
    deep = body[:-1] + ', "deep": ' + "[" * depth + "]" * depth + "}"
    answer = post(client, signer, "/event", deep.encode())
    assert answer.status_code == 400
    assert "deeply" in answer.json["message"]


@pytest.mark.parametrize("depth", [1, 98])
def test_what_is_nested_less_deeply_is_taken(client, signer, queue, depth):
    body = event_body().decode()
    deep = body[:-1] + ', "deep": ' + "[" * depth + "]" * depth + "}"
    assert post(client, signer, "/event", deep.encode()).status_code == 200
    assert from_message(json.dumps(messages(queue)[0])).webhook_id == "wh_1"


@pytest.mark.parametrize(
    "odd",
    ["1e999", "-1e999", "NaN", "9" * 4300, '"\\ud800"', '"\\uffff"', '"\\ufffe"', '"\\u0000"'],
)
def test_what_was_signed_can_be_stored_and_read_again(client, signer, queue, odd):
    body = event_body().decode()[:-1] + f', "odd": {odd}, "odd": {odd}}}'
    assert post(client, signer, "/event", body.encode()).status_code == 200
    sqs, url = queue
    (received,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert from_message(received["Body"]).webhook_id == "wh_1"


def test_a_number_that_python_cannot_read_is_refused_once(client, signer):
    body = event_body().decode()[:-1] + ', "odd": ' + "9" * 5000 + "}"
    assert post(client, signer, "/event", body.encode()).status_code == 400


def test_an_event_whose_dead_letter_would_not_fit_is_refused_once(client, signer):
    body = event_body(note="x" * (MESSAGE_BYTES - 100))
    answer = post(client, signer, "/event", body)
    assert (answer.status_code, answer.json["error"]) == (413, "request_entity_too_large")


def test_what_the_queue_can_never_hold_is_refused_once(client, signer, monkeypatch):
    def refuse(*_):
        raise MessageRefusedError("InvalidMessageContents")

    monkeypatch.setattr(Intake, "accept", refuse)
    answer = post(client, signer, "/event", event_body())
    assert answer.status_code == 400
    assert "InvalidMessageContents" in answer.json["message"]


@pytest.mark.parametrize("error", [KeysUnavailableError("no keys"), IntakeError("Timeout")])
def test_benchling_is_asked_to_retry_what_could_not_be_kept(client, signer, monkeypatch, error):
    def fail(*_):
        raise error

    where = KeyProvider if isinstance(error, KeysUnavailableError) else Intake
    monkeypatch.setattr(where, "current" if where is KeyProvider else "accept", fail)
    answer = post(client, signer, "/event", event_body())
    assert (answer.status_code, answer.json["error"]) == (503, "unavailable")
