"""The start of the web service's process: once it is healthy, a first event is answered in time."""

import contextlib
import json
import signal
import sys
import threading
import time
import uuid
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from src.webhook.application import WARM_UP_SECONDS

from .conftest import event_body
from .test_app import call, free_port, run
from .test_keys import KeysHandler
from .test_services import World

pytestmark = pytest.mark.slow

# Half of what Benchling waits for.
FIRST_EVENT_SECONDS = 1.5
CGROUPS = Path("/sys/fs/cgroup")
PERIOD_MICROSECONDS = 100_000


class SlowKeysHandler(KeysHandler):
    """The keys, when the server is released."""

    def do_GET(self):  # noqa: N802
        self.server.asked.set()
        self.server.released.wait(20)
        # The service may not have waited for so long.
        with contextlib.suppress(ConnectionError):
            super().do_GET()


class KeyServer(ThreadingHTTPServer):
    """Benchling's keys, held back until they are released."""

    daemon_threads = True

    def __init__(self, signer):
        super().__init__(("127.0.0.1", 0), SlowKeysHandler)
        self.asked, self.released = threading.Event(), threading.Event()
        self.document = json.dumps(signer.jwks.export(private_keys=False, as_dict=True)).encode()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Service:
    """The web service's process, from its start on."""

    def __init__(self, environment, port, cgroup=None):
        self.port = port
        self.began = time.monotonic()
        self._process = run(environment)
        if cgroup:
            (cgroup / "cgroup.procs").write_text(str(self._process.pid))

    def health(self):
        """The status of the health check, 0 before the process listens."""
        try:
            status, body = call(self.port, "GET", "/health")
        except OSError:
            return 0
        assert json.loads(body)["status"] == {200: "healthy", 503: "starting"}[status]
        return status

    def wait(self, status):
        """Return the seconds from the start to the first health check of a status."""
        while self.health() != status:
            assert time.monotonic() - self.began < 30
            time.sleep(0.02)
        return time.monotonic() - self.began

    def first_event(self, signer):
        """Return the status of a signed event, and its seconds."""
        body, began = event_body(), time.monotonic()
        status, _ = call(self.port, "POST", "/event", body, signer.headers(body, "wh_first"))
        return status, time.monotonic() - began

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(15)
        finally:
            self._process.kill()
            self._process.communicate()


@pytest.fixture
def keys(signer):
    with KeyServer(signer) as server:
        yield server
        server.released.set()
        server.shutdown()


@pytest.fixture
def environment(signer, keys):
    """The settings of a service whose keys are held back."""
    stack = []
    world = World(signer, stack)
    found = world.environment(free_port())
    secret = {
        **json.loads(found["BENCHLING_SECRET"]),
        "jwks_url": f"http://127.0.0.1:{keys.server_port}",
    }
    yield {**found, "BENCHLING_SECRET": json.dumps(secret)}
    while stack:
        stack.pop()()


@pytest.fixture
def service(environment):
    service = Service(environment, int(environment["PORT"]))
    yield service
    assert service.stop() == 0


def test_it_is_healthy_when_slow_keys_were_fetched(service, keys, signer):
    assert keys.asked.wait(20)
    service.wait(503)
    time.sleep(0.5)
    assert service.health() == 503
    keys.released.set()
    service.wait(200)
    status, seconds = service.first_event(signer)
    assert status == 200
    assert seconds < FIRST_EVENT_SECONDS


def test_it_is_healthy_although_the_keys_never_come(service, keys, signer):
    assert keys.asked.wait(20)
    asked = time.monotonic()
    service.wait(200)
    assert WARM_UP_SECONDS - 1 < time.monotonic() - asked < WARM_UP_SECONDS + 2
    status, seconds = service.first_event(signer)
    assert status == 503
    assert seconds < FIRST_EVENT_SECONDS
    keys.released.set()
    deadline = time.monotonic() + 10
    while service.first_event(signer)[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_it_is_healthy_when_nothing_can_be_reached(environment):
    secret = json.loads(environment["BENCHLING_SECRET"])
    secret = {**secret, "jwks_url": "http://127.0.0.1:9", "base_url": "http://127.0.0.1:9"}
    away = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "BENCHLING_SECRET": json.dumps(secret)}
    service = Service({**environment, **away}, int(environment["PORT"]))
    assert service.wait(200) < WARM_UP_SECONDS
    assert service.stop() == 0


def test_an_empty_secret_holds_nothing_up():
    port = free_port()
    service = Service({"PORT": str(port), "BENCHLING_SECRET": "{}"}, port)
    assert service.wait(200) < WARM_UP_SECONDS
    assert service.stop() == 0


@pytest.fixture
def cgroup(share):
    """A control group with a share of a CPU, of version 1 or 2; only root can have one."""
    first = CGROUPS / "cpu"
    group = (first if first.is_dir() else CGROUPS) / f"test-{uuid.uuid4().hex}"
    quota = int(share * PERIOD_MICROSECONDS)
    try:
        group.mkdir()
        if first.is_dir():
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (group / "cpu.max").write_text(f"{quota} {PERIOD_MICROSECONDS}")
    except OSError as error:
        if group.is_dir():
            group.rmdir()
        pytest.skip(f"no control group of one's own: {error}")
    yield group
    while (group / "cgroup.procs").read_text():
        time.sleep(0.05)
    group.rmdir()


@pytest.fixture
def cold_service(cgroup, environment, keys):
    keys.released.set()
    service = Service(environment, int(environment["PORT"]), cgroup)
    yield service
    assert service.stop() == 0


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_first_event_of_a_cold_task_gets_its_response_in_time(share, cold_service, signer, capsys):
    healthy = cold_service.wait(200)
    status, seconds = cold_service.first_event(signer)
    with capsys.disabled():
        sys.stdout.write(
            f"\nat {share} CPU: healthy after {healthy:.2f} s,"
            f" the first event answered after {seconds:.2f} s\n"
        )
    assert status == 200
    assert seconds < FIRST_EVENT_SECONDS
