import json
import time
from dataclasses import replace
from itertools import count

import pytest
from werkzeug.test import Client, create_environ

from src.queues.event import EVENT_BYTES, MESSAGE_BYTES, from_message
from src.queues.sqs import DeadLetterQueue, Queue, Received
from src.runtime.logs import configure_logs
from src.runtime.metrics import Metrics
from src.runtime.settings import Settings
from src.webhook import keys as keys_module
from src.webhook.batch_sender import IntakeError, MessageRefusedError
from src.webhook.intake import Intake
from src.webhook.keys import KeyProvider, KeysUnavailableError
from src.webhook.webhook_requests import LEVELS
from src.webhook.webhook_types import WEBHOOK_TYPES, Meaning

from .conftest import app_of, event_body
from .webhooks import webhook


def post(client, signer, path, body, **headers):
    return client.post(path, data=body, headers={**signer.headers(body), **headers})


def messages(queue, url=""):
    client, intake = queue
    url = url or intake
    received = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/config"])
def test_probes_respond_200_when_set_up(client, path):
    assert client.get(path).status_code == 200


def test_not_ready_says_why_and_takes_no_event(queue, signer):
    settings = Settings(port=5000, problems=("BENCHLING_SECRET has no tenant",))
    app = app_of(settings, KeyProvider(lambda: signer.keys), queue)
    client = app.test_client()
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json["reasons"] == ["BENCHLING_SECRET has no tenant"]
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
    response = post(client, signer, "/event", event_body(kind))
    assert (response.status_code, response.json) == (200, {"status": "accepted"})
    (queued,) = messages(queue)
    assert queued["payload"] == json.loads(event_body(kind))
    assert (queued["entry_id"], queued["webhook_id"]) == ("etr_1", "wh_1")


def test_a_replay_is_acknowledged_without_effect(client, signer, queue):
    post(client, signer, "/event", event_body())
    response = post(client, signer, "/event", event_body())
    assert response.json == {"status": "duplicate"}
    assert len(messages(queue)) == 1


def test_another_type_is_ignored_by_name(client, signer, queue):
    response = post(client, signer, "/event", event_body("v2.assayRun.created"))
    assert response.json == {"status": "ignored", "type": "v2.assayRun.created"}
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
    response = post(client, signer, "/canvas", body)
    assert response.json == {"status": "ignored", "type": "v2.canvas.userInteracted"}
    assert messages(queue) == []


@pytest.mark.parametrize("kind", ["created", "initialized", "userInteracted"])
def test_a_canvas_call_without_its_ids_is_400(client, signer, kind):
    body = event_body(f"v2.canvas.{kind}", resourceId=None)
    assert post(client, signer, "/canvas", body).status_code == 400


@pytest.mark.parametrize("kind", ["installed", "activateRequested", "deactivated"])
def test_a_lifecycle_call_is_acknowledged(client, signer, queue, kind):
    response = post(client, signer, "/lifecycle", event_body(f"v2.app.{kind}"))
    assert response.json == {"status": "accepted", "type": f"v2.app.{kind}"}
    assert messages(queue) == []


def test_another_lifecycle_type_is_ignored_by_name(client, signer):
    response = post(client, signer, "/lifecycle", event_body("v2.app.painted"))
    assert response.json == {"status": "ignored", "type": "v2.app.painted"}


@pytest.mark.parametrize("path", ["/", "/event", "/canvas", "/lifecycle"])
def test_what_is_not_benchlings_is_refused(client, signer, stranger, queue, path):
    body = event_body()
    stale = signer.headers(body, now=time.time() - 3600)
    for headers in ({}, stranger.headers(body), stale, {"webhook-signature": "v1der,x"}):
        response = client.post(path, data=body, headers=headers)
        assert response.status_code == 401
        assert response.json["error"] == "unverified"
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
    response = post(client, signer, "/event", body)
    assert response.status_code == 400
    assert response.json["error"] == "bad_request"


def test_a_body_over_a_mebibyte_is_413(client, signer):
    response = post(client, signer, "/event", b"x" * (1024 * 1024 + 1))
    assert (response.status_code, response.json["error"]) == (413, "request_entity_too_large")


def test_an_event_that_no_message_holds_is_413(client, signer, queue):
    filler = "x" * (1024 * 1024 - len(event_body(note="")))
    response = post(client, signer, "/event", event_body(note=filler))
    assert response.status_code == 413
    assert messages(queue) == []


ODD_CHARACTERS = ["\ud800", "\udfff", "\ufffe", "\uffff", "\x00", "\x7f", "\u2028", "\U0001ffff"]


@pytest.mark.parametrize("character", ODD_CHARACTERS)
@pytest.mark.parametrize("raw", [False, True])
def test_any_signed_event_can_be_stored(client, signer, queue, character, raw):
    """SQS refuses most of these: the queue's form has them escaped."""
    # The larger one fits only as it came.
    note = character + ("é" * 400_000 if raw else "")
    body = json.dumps(webhook("v2.entry.created", note=note, **{f"k{character}": 1}))
    body = body.replace("\\u00e9", "é").encode()
    assert post(client, signer, "/event", body).status_code == 200
    (received,) = queue[0].receive_message(QueueUrl=queue[1])["Messages"]
    assert received["Body"].isascii() != raw
    message = json.loads(received["Body"])["payload"]["message"]
    assert (message["note"], message[f"k{character}"]) == (note, 1)


def test_of_a_key_that_comes_twice_the_last_counts(client, signer, queue):
    twice = b'{"message": {"type": "x", "type": "v2.entry.created", "resourceId": "etr_9"}}'
    assert post(client, signer, "/event", b'{"message": 1, ' + twice[1:]).status_code == 200
    (queued,) = messages(queue)
    assert queued["entry_id"] == "etr_9"
    assert queued["payload"]["message"]["type"] == "v2.entry.created"


def valued(text):
    """An entry's webhook with a value as it is written."""
    return event_body("v2.entry.created", note="HERE").replace(b'"HERE"', text)


@pytest.mark.parametrize("text", [b"1e308", b"-0.0", b"1E-999", b"9" * 4300, b"[" * 90 + b"]" * 90])
def test_an_odd_value_is_stored_as_it_came(client, signer, queue, text):
    body = valued(text)
    assert post(client, signer, "/event", body).status_code == 200
    (queued,) = messages(queue)
    assert queued["payload"] == json.loads(body)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"1e999", "out of range"),
        (b"-1e999", "out of range"),
        (b"NaN", "not JSON"),
        (b"Infinity", "not JSON"),
        (b"-Infinity", "not JSON"),
        (b"9" * 5000, "not JSON"),
        (b"01", "not JSON"),
        (b"[" * 100 + b"]" * 100, "too deeply"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "too deeply"),
        (b"[" * 50_000 + b"]" * 50_000, "too deeply"),
    ],
)
def test_a_value_that_no_queue_keeps_is_refused_once(client, signer, queue, text, reason):
    body = valued(text)
    response = post(client, signer, "/event", body)
    assert (response.status_code, response.json["error"]) == (400, "bad_request")
    assert reason in response.json["message"]
    assert messages(queue) == []


@pytest.mark.parametrize("kind", ["v2.entry.created", "v2.canvas.created"])
def test_the_deepest_body_that_is_taken_can_be_read_by_the_worker(client, signer, queues, kind):
    """The note is two levels down."""
    queue, canvas_queue = queues
    deep = {levels: b"[" * (levels - 2) + b"]" * (levels - 2) for levels in (LEVELS - 1, LEVELS)}
    for levels, note in deep.items():
        body = event_body(kind, canvasId="cnvs_1", note="HERE").replace(b'"HERE"', note)
        status = client.post("/", data=body, headers=signer.headers(body, f"wh_{levels}"))
        assert status.status_code == (200 if levels < LEVELS else 400)
    url = canvas_queue if "canvas" in kind else queue[1]
    (received,) = queue[0].receive_message(QueueUrl=url)["Messages"]
    event = from_message(received["Body"])
    assert from_message(event.to_message()) == event


def test_many_levels_side_by_side_are_not_deep(client, signer, queue):
    assert post(client, signer, "/event", valued(b"[" + b"[]," * 1000 + b"1]")).status_code == 200
    assert len(messages(queue)) == 1


def test_body_not_in_utf_8_is_refused(client, signer):
    body = event_body("v2.entry.created")
    # Python's own reader would take the first for UTF-16.
    assert post(client, signer, "/event", body.decode().encode("utf-16-le")).status_code == 400
    assert post(client, signer, "/event", b"\xff" + body).status_code == 401


@pytest.mark.parametrize(
    "entry_id",
    ["", " ", "etr 1", "etr_1\n", "étr", "\ud800", "../etr", "a" * 101, 7, [], {}, True, "etr\x00"],
)
@pytest.mark.parametrize("kind", ["v2.entry.created", "v2.canvas.initialized"])
def test_an_entry_of_an_odd_id_is_refused_once(client, signer, queue, kind, entry_id):
    response = post(client, signer, "/event", event_body(kind, resourceId=entry_id, featureId="f"))
    assert (response.status_code, response.json["error"]) == (400, "bad_request")
    assert messages(queue) == []


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("", 200),
        ("\ud800", 200),
        ("\x00\n\r", 200),
        ("v2.entry.created ", 200),
        ("V2.ENTRY.CREATED", 200),
        ("é" * 200, 200),
        ("x" * 201, 400),
        (None, 400),
        (["v2.entry.created"], 400),
        ({"a": 1}, 400),
        (1.5, 400),
    ],
)
def test_an_odd_type_is_ignored_or_refused(client, signer, queue, kind, status):
    body = json.dumps({"message": {"type": kind, "resourceId": "etr_1"}}).encode()
    response = post(client, signer, "/event", body)
    assert response.status_code == status
    if status == 200:
        assert response.json == {"status": "ignored", "type": kind}
    assert messages(queue) == []


def test_an_id_that_no_table_takes_is_refused(client, signer, queue):
    body = event_body()
    headers = signer.headers(body, "w" * 2100)
    assert client.post("/event", data=body, headers=headers).status_code == 401
    headers = signer.headers(body, "w" * 256)
    assert client.post("/event", data=body, headers=headers).status_code == 200
    (queued,) = messages(queue)
    assert queued["webhook_id"] == "w" * 256


def test_the_largest_event_fits_as_a_dead_letter_and_with_its_entry(client, signer, queues):
    """SQS counts a dead letter's attributes: their names, types and values."""
    queue, canvas_queue = queues
    sqs, dead_letters = queue

    def sent(size, canvas_id):
        body = event_body("v2.canvas.created", canvasId=canvas_id, note="x" * size)
        headers = signer.headers(body, canvas_id.ljust(256, "w"))
        status = client.post("/canvas", data=body, headers=headers).status_code
        received = sqs.receive_message(QueueUrl=canvas_queue).get("Messages", [])
        return status, received[0]["Body"] if received else ""

    _, least = sent(1, "cnvs_1")
    # What the time takes differs by some digits.
    room = EVENT_BYTES - len(least) - 9
    status, largest = sent(room, "cnvs_2")
    assert status == 200
    assert sent(room + 32, "cnvs_3") == (413, "")
    event = replace(from_message(largest), entry_id="e" * 100)
    message = Received("m", "r", event.to_message(), 999_999)
    DeadLetterQueue(Queue(sqs, dead_letters)).send(message, "w", "g", "😀" * 600, 999_999)
    (dead_letter,) = sqs.receive_message(QueueUrl=dead_letters, MessageAttributeNames=["All"])[
        "Messages"
    ]
    attributes = dead_letter["MessageAttributes"]
    size = len(dead_letter["Body"].encode()) + sum(
        len(f"{name}{it['DataType']}{it['StringValue']}".encode())
        for name, it in attributes.items()
    )
    assert len(attributes["reason"]["StringValue"].encode()) == 2000
    assert size <= MESSAGE_BYTES


def test_text_of_any_language_is_stored_unescaped(client, signer):
    body = event_body(note="é" * 400_000).decode().encode().decode("unicode_escape").encode()
    assert post(client, signer, "/event", body).status_code == 200


def test_unsigned_requests_never_wait_for_keys(queue):
    app = app_of(Settings(port=5000), KeyProvider(lambda: ()), queue)
    began = time.monotonic()
    assert app.test_client().post("/event", data=b"{}").status_code == 401
    assert time.monotonic() - began < 0.5


def test_unknown_routes_and_methods_respond_json(client):
    assert client.get("/nope").json["error"] == "not_found"
    assert client.get("/event").json["error"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/event//", "/health//live", "/x//event", "/event/"])
def test_what_is_almost_a_route_is_no_redirect(client, path):
    response = client.post(path, headers={"host": "elsewhere.example"})
    assert (response.status_code, response.json["error"]) == (404, "not_found")
    assert "location" not in response.headers


def test_a_path_that_is_empty_is_the_stable_routes(client):
    environ = {**create_environ("/", method="POST"), "PATH_INFO": ""}
    response = Client(client.application).open(environ)
    assert (response.status_code, response.json["error"]) == (401, "unverified")


@pytest.mark.parametrize("path", ["/config", "/event", "/health/ready"])
def test_a_host_that_is_none_is_400(client, path):
    response = client.get(path, headers={"host": "9" * 5000})
    assert (response.status_code, response.json["error"]) == (400, "bad_request")


@pytest.mark.parametrize("error", [KeysUnavailableError("no keys"), IntakeError("Timeout")])
def test_benchling_is_asked_to_retry_what_could_not_be_kept(client, signer, monkeypatch, error):
    def fail(*_):
        raise error

    where = KeyProvider if isinstance(error, KeysUnavailableError) else Intake
    monkeypatch.setattr(where, "current" if where is KeyProvider else "accept", fail)
    response = post(client, signer, "/event", event_body())
    assert (response.status_code, response.json["error"]) == (503, "unavailable")


@pytest.mark.parametrize(
    "case", [(IntakeError("Timeout"), True, 1), (IntakeError("Timeout"), False, 0), (None, True, 0)]
)
def test_failures_of_the_release_are_counted(queue, signer, monkeypatch, capsys, case):
    fault, signed, counted = case

    def accept(*_):
        if fault:
            raise fault
        return True

    monkeypatch.setattr(Intake, "accept", accept)
    keys = KeyProvider(lambda: signer.keys)
    keys.watch()
    settings = Settings(port=5000, stack_name="stack", service_name="web")
    client = app_of(settings, keys, queue).test_client()
    configure_logs("INFO")
    if signed:
        post(client, signer, "/event", event_body())
    else:
        assert client.post("/event", data=event_body()).status_code == 401
    assert capsys.readouterr().out.count('"Name": "WebhooksFailed"') == counted


def test_a_service_that_is_not_set_up_counts_nothing(queue, signer, capsys):
    settings = Settings(port=5000, stack_name="stack", problems=("BENCHLING_SECRET: empty",))
    keys = KeyProvider(lambda: signer.keys)
    client = app_of(settings, keys, queue).test_client()
    configure_logs("INFO")
    assert post(client, signer, "/event", event_body()).status_code == 503
    assert "WebhooksFailed" not in capsys.readouterr().out


def test_what_becomes_of_events_is_counted(queue, signer, monkeypatch, capsys):
    metrics, keys, new = Metrics("stack"), KeyProvider(lambda: signer.keys), [True, True, False]
    keys.watch()
    monkeypatch.setattr(Intake, "accept", lambda *_: new.pop(0))
    client = app_of(Settings(port=5000), keys, queue, metrics=metrics).test_client()
    for _ in range(3):
        post(client, signer, "/event", event_body())
    client.post("/event", data=event_body())
    client.get("/health")
    configure_logs("INFO")
    metrics.put_counts()
    metrics.put_counts()
    [line] = map(json.loads, capsys.readouterr().out.splitlines()[-1:])
    assert (line["EventsAccepted"], line["EventsRefused"], line["Stack"]) == (2, 1, "stack")


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
    response = post(client, signer, "/event", event_body())
    assert (response.status_code, response.json["error"]) == (503, "unavailable")


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
    response = client.post("/event", data=event_body(), headers=headers)
    assert response.status_code == 401
    assert message in response.json["message"]


def test_what_the_queue_can_never_hold_is_refused_once(client, signer, monkeypatch):
    def refuse(*_):
        raise MessageRefusedError("InvalidMessageContents")

    monkeypatch.setattr(Intake, "accept", refuse)
    response = post(client, signer, "/event", event_body())
    assert response.status_code == 400
    assert "InvalidMessageContents" in response.json["message"]
