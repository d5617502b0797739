"""Both programs give up the way to more privileges before they start a thread."""

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from src.runtime import privileges

from .test_app import ROOT, call, free_port

PROC = Path("/proc")
linux = pytest.mark.skipif(sys.platform != "linux", reason="another system has no such flag")


def flag(status):
    """Return what the kernel says of a process's or a thread's NoNewPrivs."""
    (line,) = [it for it in status.read_text().splitlines() if it.startswith("NoNewPrivs:")]
    return line.split()[1]


def skip_if_inherited():
    if flag(PROC / "self" / "status") != "0":
        pytest.skip("whoever runs the tests has given up new privileges for all below")


@linux
@pytest.mark.slow
@pytest.mark.parametrize("program", ["app", "worker"])
def test_every_thread_of_the_program_has_given_them_up(program):
    skip_if_inherited()
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", f"src.{program}"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PORT": str(port),
            "BENCHLING_SECRET": "{}",
            "AWS_REGION": "us-east-1",
            # Nobody is there: no credentials are looked for elsewhere.
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 20
        while not listens(port):
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        threads = list((PROC / str(process.pid) / "task").iterdir())
        assert len(threads) > 1
        assert {flag(it / "status") for it in threads} == {"1"}
    finally:
        process.kill()
        process.communicate()


def listens(port):
    try:
        return call(port, "GET", "/health")[0] in (200, 503)
    except OSError:
        return False


PROGRAM = """
import subprocess
from src.runtime.privileges import give_up_new_privileges
give_up_new_privileges()
give_up_new_privileges()
subprocess.run(["cat", "/proc/self/status"], check=True)
"""


@linux
def test_what_the_process_starts_inherits_it():
    skip_if_inherited()
    command = [sys.executable, "-c", PROGRAM]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "NoNewPrivs:\t1\n" in output


class Kernel:
    """A C library whose prctl returns one status, and records its arguments."""

    def __init__(self, status):
        self.calls = []

        def prctl(*arguments):
            self.calls.append(arguments)
            ctypes.set_errno(22)
            return status

        self.prctl = prctl


@linux
def test_a_refusal_ends_the_process_with_one_line(monkeypatch):
    kernel = Kernel(-1)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: kernel)
    with pytest.raises(SystemExit) as ended:
        privileges.give_up_new_privileges()
    assert ended.value.code == (
        "no_new_privs: Invalid argument: run the service on Linux 3.5 or later"
    )
    assert kernel.calls == [(38, 1, 0, 0, 0)]


def test_another_system_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: pytest.fail("prctl is Linux's"))
    privileges.give_up_new_privileges()
