import json
import time

import pytest

from src.batches import IntakeError
from src.intake import Intake
from src.keys import KeyProvider, KeysUnavailableError
from src.routes import canvas as canvas_module
from src.settings import Settings
from src.web import create_app

from .conftest import event_body


def post(client, signer, path, body, **headers):
    return client.post(path, data=body, headers={**signer.headers(body), **headers})


def messages(queue):
    client, url = queue
    received = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/config"])
def test_the_probes_answer_200_when_set_up(client, path):
    assert client.get(path).status_code == 200


def test_not_ready_says_why_and_takes_no_event(queue, signer):
    sqs, url = queue
    settings = Settings(port=5000, problems=("BENCHLING_SECRET has no tenant",))
    app = create_app(settings, KeyProvider(lambda: signer.keys), Intake(sqs, url))
    client = app.test_client()
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["reasons"] == ["BENCHLING_SECRET has no tenant"]
    assert client.get("/health").status_code == 200
    assert post(client, signer, "/event", event_body()).status_code == 503


def test_not_ready_without_a_queue(queue, signer):
    sqs, url = queue
    settings = Settings(port=5000)
    app = create_app(settings, KeyProvider(lambda: signer.keys), Intake(sqs, url + "x"))
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


@pytest.mark.parametrize(
    "case",
    [
        ({"kind": "v2.canvas.created", "canvasId": "cnvs_1"}, "", []),
        (
            {"kind": "v2.canvas.initialized", "resourceId": "etr_2", "featureId": "f"},
            "etr_2",
            ["update-package:etr_2"],
        ),
        (
            {
                "kind": "v2.canvas.userInteracted",
                "canvasId": "cnvs_1",
                "buttonId": "update-package:etr_3",
            },
            "etr_3",
            ["update-package:etr_3"],
        ),
    ],
)
def test_a_canvas_call_is_queued_and_answered_with_blocks(client, signer, queue, case):
    message, entry_id, buttons = case
    answer = post(client, signer, "/canvas", event_body(**{"resourceId": None, **message}))
    assert (answer.status_code, answer.json["status"]) == (200, "accepted")
    assert [it["id"] for it in answer.json["blocks"] if it["type"] == "BUTTON"] == buttons
    assert messages(queue)[0]["entry_id"] == entry_id


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


def test_a_canvas_is_answered_in_time_without_what_takes_long(client, signer, monkeypatch):
    monkeypatch.setattr(canvas_module, "DRAWN_WITHIN_SECONDS", 0.0)
    body = event_body("v2.canvas.initialized", resourceId="etr_2", featureId="f")
    answer = post(client, signer, "/canvas", body)
    assert answer.json["blocks"][0]["value"] == "An export is queued."


@pytest.mark.parametrize(
    "kind", ["installed", "activateRequested", "deactivated", "configuration.updated"]
)
def test_a_lifecycle_call_is_acknowledged(client, signer, queue, kind):
    answer = post(client, signer, "/lifecycle", event_body(f"v2.app.{kind}"))
    assert answer.json == {"status": "accepted", "type": f"v2.app.{kind}"}
    assert messages(queue) == []


def test_another_lifecycle_type_is_ignored_by_name(client, signer):
    answer = post(client, signer, "/lifecycle", event_body("v2.app.painted"))
    assert answer.json == {"status": "ignored", "type": "v2.app.painted"}


@pytest.mark.parametrize("path", ["/event", "/canvas", "/lifecycle"])
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
        event_body(note="\ud800"),
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


def test_letters_of_any_language_stay_as_small_as_they_came(client, signer):
    body = event_body(note="é" * 400_000).decode().encode().decode("unicode_escape").encode()
    assert post(client, signer, "/event", body).status_code == 200


def test_unsigned_requests_never_wait_for_keys(queue):
    sqs, url = queue

    def fetch():
        raise AssertionError("asked for keys")

    app = create_app(Settings(port=5000), KeyProvider(fetch), Intake(sqs, url))
    assert app.test_client().post("/event", data=b"{}").status_code == 401


def test_unknown_routes_and_methods_answer_json(client):
    assert client.get("/nope").json["error"] == "not_found"
    assert client.get("/event").json["error"] == "method_not_allowed"


def test_a_rotated_key_is_found(queue, signer, stranger):
    sqs, url = queue
    now = [0.0]
    rotation = iter([stranger.keys, signer.keys])
    keys = KeyProvider(lambda: next(rotation), clock=lambda: now[0])
    app = create_app(Settings(port=5000), keys, Intake(sqs, url))
    assert post(app.test_client(), signer, "/event", event_body()).status_code == 401
    now[0] = 61.0
    assert post(app.test_client(), signer, "/event", event_body()).status_code == 200


@pytest.mark.parametrize("error", [KeysUnavailableError("no keys"), IntakeError("Timeout")])
def test_benchling_is_asked_to_retry_what_could_not_be_kept(client, signer, monkeypatch, error):
    def fail(*_):
        raise error

    where = KeyProvider if isinstance(error, KeysUnavailableError) else Intake
    monkeypatch.setattr(where, "current" if where is KeyProvider else "accept", fail)
    answer = post(client, signer, "/event", event_body())
    assert (answer.status_code, answer.json["error"]) == (503, "unavailable")
