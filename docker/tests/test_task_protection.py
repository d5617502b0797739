import json
import threading

import pytest

from src.queues.consumer import Consumer
from src.queues.task_protection import (
    BLOCKED,
    BREAK_SECONDS,
    EXPIRES_MINUTES,
    LINGER_SECONDS,
    RENEW_SECONDS,
    RETRY_SECONDS,
    TaskProtection,
)

from .http_server import server

PROTECTED = {"protection": {"ProtectionEnabled": True, "TaskArn": "arn"}}


@pytest.fixture
def now():
    return [1000.0]


def asked_for(asked):
    return [json.loads(body)["ProtectionEnabled"] for _, _, _, body in asked]


def test_a_task_is_protected_while_it_works_and_not_when_idle(now):
    with server(lambda _: (200, PROTECTED)) as (url, asked):
        protection = TaskProtection(url, lambda: now[0])
        protection.look()
        assert asked == []
        with protection, protection:
            protection.look()
            assert asked_for(asked) == [True]
        method, path, _, body = asked[0]
        assert (method, path) == ("PUT", "/task-protection/v1/state")
        assert json.loads(body)["ExpiresInMinutes"] == EXPIRES_MINUTES
        now[0] += LINGER_SECONDS - 1
        protection.look()
        assert asked_for(asked) == [True]
        now[0] += 2
        protection.look()
        assert asked_for(asked) == [True, False]
        with protection:
            assert asked_for(asked) == [True, False, True]


def test_protection_is_renewed_before_it_expires(now):
    with server(lambda _: (200, PROTECTED)) as (url, asked):
        protection = TaskProtection(url, lambda: now[0])
        with protection:
            for _ in range(int(EXPIRES_MINUTES * 60 / RENEW_SECONDS)):
                now[0] += RENEW_SECONDS + 1
                protection.look()
        assert RENEW_SECONDS * 2 < EXPIRES_MINUTES * 60
        assert asked_for(asked) == [True] * 4


def test_a_task_that_blocks_a_deployment_ends_its_work_so_that_ecs_can_stop_it(now):
    responses = [(200, PROTECTED)]
    with server(lambda _: responses[-1]) as (url, asked):
        protection = TaskProtection(url, lambda: now[0])
        with protection:
            responses.append((400, {"failure": {"Arn": "arn", "Reason": BLOCKED}}))
            now[0] += RENEW_SECONDS
            protection.look()
            assert not protection.admits()
            responses.append((200, PROTECTED))
            protection.look()
            assert not protection.admits(), "the export isn't done"
        now[0] += LINGER_SECONDS
        protection.look()
        assert asked_for(asked) == [True, True, False]
        assert not protection.admits()
        now[0] += BREAK_SECONDS
        assert protection.admits(), "ECS had other plans"


def test_a_new_task_works_on_while_others_block_its_deployment(now):
    with (
        server(lambda _: (400, {"failure": {"Reason": BLOCKED}})) as (url, _),
        TaskProtection(url, lambda: now[0]) as protection,
    ):
        assert protection.admits()
        now[0] += RETRY_SECONDS
        protection.look()
        assert protection.admits()


@pytest.mark.parametrize(
    "response",
    [
        (400, {"failure": {"Reason": "DEPLOYMENT_BLOCKED"}}),
        (500, {"error": {"Code": "ServerException"}}),
        (200, None),
    ],
)
def test_work_goes_on_where_protection_is_refused(now, capsys, response):
    with server(lambda _: response) as (url, asked):
        protection = TaskProtection(url, lambda: now[0])
        with protection:
            assert protection.admits()
            protection.look()
            assert len(asked) == 1, "asked again at once"
            now[0] += RETRY_SECONDS
            protection.look()
            assert len(asked) == 2
        now[0] += LINGER_SECONDS + 1
        protection.look()
        assert asked_for(asked) == [True, True], "nothing to end"
    assert "task_protection.change_failed" in capsys.readouterr().out


def test_missing_agent_is_ignored(now):
    with TaskProtection("", lambda: now[0]) as protection:
        now[0] += 7200
        protection.look()
        assert protection.admits()
    with server(lambda _: (200, PROTECTED)) as (url, _):
        pass
    for gone in (url, "http://[", "no address"):
        with TaskProtection(gone, lambda: now[0]) as protection:
            assert protection.admits()


def test_nothing_is_received_in_a_break():
    stopping = threading.Event()
    stopping.set()
    consumer = Consumer(None, None, 1, admits=lambda: False)
    assert consumer.poll(stopping) is False
