"""What web and worker do with a changed secret, while requests and exports are under way."""

import threading
import time
from dataclasses import replace

import pytest

from src import worker as module
from src.handlers import Handlers
from src.runtime.metrics import Metrics
from src.runtime.settings import WORKER_REQUIRED, Settings, read_settings
from src.webhook import application
from src.webhook.application import build_dependencies
from src.webhook.keys import KeyProvider
from src.worker import WorkerService, build_worker

from .benchling_server import BenchlingServer
from .test_worker import ENVIRONMENT

pytestmark = pytest.mark.slow

TOKEN_PATH = "/api/v2/token"


@pytest.fixture
def server():
    with BenchlingServer() as running:
        yield running
        running.shutdown()


def settings_of(server, **secret):
    settings = read_settings(ENVIRONMENT, WORKER_REQUIRED)
    values = {"client_id": "id", "app_definition_id": "appdef_1", **secret}
    values = {"base_url": server.address, "client_secret": "old", **values}
    return replace(settings, secret=replace(settings.secret, **values), problems=())


@pytest.fixture
def web(server, monkeypatch, signer, stranger):
    """The web service's parts; each app definition has keys of its own."""
    published = {"appdef_1": signer.keys, "appdef_2": stranger.keys}

    def fetch(app_definition_id, _):
        if app_definition_id not in published:
            raise ValueError("no such app")
        return published[app_definition_id]

    monkeypatch.setattr(application, "fetch_keys", fetch)
    dependencies = build_dependencies(settings_of(server))
    dependencies.keys.refresh()
    dependencies.credentials.check()
    return dependencies


def test_another_client_secret_keeps_the_keys(web, server, signer):
    former, new = settings_of(server), settings_of(server, client_secret="new")
    server.client_secret = "new"
    assert web.change(former, new) == ""
    assert web.keys.current() is signer.keys
    assert web.credentials.check() > 0
    assert web.credentials.problem() == ""


def test_another_app_has_its_own_keys(web, server, stranger):
    assert web.change(settings_of(server), settings_of(server, app_definition_id="appdef_2")) == ""
    assert web.keys.current() is stranger.keys
    web.keys.refresh()
    assert web.keys.current() is stranger.keys


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ({"client_secret": "wrong"}, "Benchling answered 401"),
        ({"base_url": "http://127.0.0.1:9"}, "can't be reached (ConnectError)"),
        ({"base_url": f"http://{'x' * 70}.example.com"}, "no token"),
        ({"app_definition_id": "appdef_9"}, "keys can't be fetched (ValueError)"),
    ],
)
def test_what_benchling_does_not_take_changes_nothing(web, server, signer, secret, said):
    server.client_secret = "old"
    assert said in web.change(settings_of(server), settings_of(server, **secret))
    assert web.keys.current() is signer.keys
    web.keys.refresh()
    web.credentials.check()
    assert web.keys.current() is signer.keys
    assert web.credentials.problem() == web.keys.problem() == ""


def test_keys_of_the_former_app_that_come_late_are_not_used(signer, stranger):
    asked, answer = threading.Event(), threading.Event()

    def former():
        asked.set()
        answer.wait(5)
        return signer.keys

    keys = KeyProvider(former)
    fetching = threading.Thread(target=keys.refresh)
    fetching.start()
    assert asked.wait(5)
    keys.use(lambda: stranger.keys, stranger.keys)
    answer.set()
    fetching.join(5)
    assert keys.current() is stranger.keys


def test_every_request_has_keys_while_the_app_changes(web, server, signer, stranger):
    found, stop = set(), threading.Event()

    def request():
        while not stop.is_set():
            found.add(id(web.keys.current()))
            time.sleep(0.0001)

    requests = [threading.Thread(target=request) for _ in range(4)]
    for thread in requests:
        thread.start()
    apps = [settings_of(server, app_definition_id=f"appdef_{number}") for number in (1, 2)]
    for number in range(20):
        assert web.change(apps[number % 2], apps[(number + 1) % 2]) == ""
    stop.set()
    for thread in requests:
        thread.join(5)
    assert found == {id(signer.keys), id(stranger.keys)}


def test_an_export_ends_with_the_secret_it_began_with(server, monkeypatch):
    begun, ended, finish = [], [], threading.Event()

    def build_handlers(settings, _):
        secret = settings.secret.client_secret

        def process(_message):
            begun.append(secret)
            finish.wait(5)
            ended.append(secret)

        return Handlers(process, process, lambda: True)

    monkeypatch.setattr(module, "build_handlers", build_handlers)
    built = build_worker(settings_of(server), Metrics(""))
    first, canvas = (built._consumers(settings_of(server))[index]._handle for index in (0, -2))
    works = [threading.Thread(target=it, args=(None,)) for it in (first, canvas)]
    for thread in works:
        thread.start()
    _until(lambda: len(begun) == 2)
    assert built.change(settings_of(server, client_secret="new")) == ""
    works += [threading.Thread(target=it, args=(None,)) for it in (first, canvas)]
    for thread in works[2:]:
        thread.start()
    _until(lambda: len(begun) == 4)
    finish.set()
    for thread in works:
        thread.join(5)
    assert sorted(begun) == sorted(ended) == ["new", "new", "old", "old"]


def test_a_worker_goes_on_with_the_former_client_where_the_new_is_refused(server):
    built = build_worker(settings_of(server), Metrics(""))
    former = built._handlers
    server.client_secret = "old"
    assert "answered 401" in built.change(settings_of(server, client_secret="wrong"))
    assert built._handlers is former
    built.credentials.check()
    assert built.credentials.problem() == ""


def test_a_workflow_is_the_secrets_of_the_time(server):
    built = build_worker(settings_of(server), Metrics(""))
    assert built.change(replace(settings_of(server), workflow="beta")) == ""
    exporter = built._handlers.export.__self__._work
    assert exporter._dependencies.packaging._workflow == "beta"


def test_a_worker_without_a_secret_begins_with_the_first(monkeypatch):
    service, calls = WorkerService(Metrics("")), []

    class Built:
        def __init__(self, settings, _metrics):
            calls.append(settings.port)
            self.worker = self

        def start(self):
            calls.append("start")

        def problems(self):
            return ["a reason"]

        def stop(self, seconds):
            return seconds > 1

    monkeypatch.setattr(module, "build_worker", Built)
    assert service.problems() == []
    assert service.stop(0)
    service.start(Settings(port=5000))
    assert calls == [5000, "start"]
    assert service.problems() == ["a reason"]
    assert not service.stop(0)


def _until(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
