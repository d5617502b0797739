"""The processes of a measurement: the stand-in, the worker, and what they have used."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DOCKER = Path(__file__).parents[1]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "for-the-emulator", "AWS_SECRET_ACCESS_KEY": "for-the-emulator"}
LIMIT_SECONDS = 120
TICKS = os.sysconf("SC_CLK_TCK")


class Remote:
    """The stand-in's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.address = self._line()

    def _line(self) -> Any:  # noqa: ANN401 - JSON
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def ask(self, command: str) -> Any:  # noqa: ANN401 - JSON
        """Return the counts after a command."""
        assert self._process.stdin
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        return self._line()

    def run(self, packages: int) -> tuple[float, dict[str, Any]]:
        """Have packages made; return the seconds to the last packaging message, and counts."""
        began = time.time()
        self.ask(f"send {packages}")
        deadline = began + LIMIT_SECONDS
        while (counts := self.ask("counts"))["deleted"] < packages:
            if time.time() > deadline:
                raise TimeoutError(f"{counts['deleted']} of {packages} packages")
            time.sleep(0.01)
        return counts["packaged_at"] - began, counts

    def idle(self, polls: int, runs: int) -> float:
        """Return the p50 in seconds of one event's packaging message.

        Its export is still running at so many polls.
        """
        self.ask(f"running {polls}")
        return sorted(self.run(1)[0] for _ in range(runs))[runs // 2]


@contextmanager
def process(log: Path, *command: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Run a Python module for as long as the context; errors, and a worker's log, go to a file."""
    with (
        log.open("a") as errors,
        subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=DOCKER,
            env={"PATH": os.environ["PATH"], **CREDENTIALS, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if command[0] == "worker_bench.stand_in" else errors,
            stderr=errors,
            text=True,
        ) as started,
    ):
        try:
            yield started
        finally:
            started.kill()


def environment(address: str, at_once: int) -> dict[str, str]:
    """Return the worker's settings."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    names = ("intake", "canvas", "dead-letters", "packaging", "revisions")
    variables = ("INTAKE", "CANVAS", "DEAD_LETTER", "PACKAGING", "REVISION")
    secret = {
        "tenant": "acme",
        "client_id": "id",
        "client_secret": "secret",
        "app_definition_id": "appdef_1",
        "base_url": address,
    }
    return {
        "PORT": str(port),
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": address,
        "BENCHLING_SECRET": json.dumps(secret),
        "CLAIMS_TABLE": "claims",
        "PACKAGE_BUCKET": "packages",
        "WORKER_CONCURRENCY": str(at_once),
        **{f"{v}_QUEUE_URL": f"{address}/{n}.fifo" for v, n in zip(variables, names, strict=True)},
    }


def reference(archive: Path, address: str, packages: int, trusted: dict[str, str]) -> list[float]:
    """Return the seconds of unzipping, boto3's transfer and curl (`worker_bench.reference`)."""
    done = subprocess.run(
        [sys.executable, "-m", "worker_bench.reference", str(archive), address, str(packages)],
        cwd=DOCKER,
        env={**os.environ, **CREDENTIALS, **trusted},
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(done.stdout)


def cpu_seconds(pid: int) -> float:
    """Return what a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mib(pid: int) -> float:
    """Return a process's largest resident memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(it for it in lines if it.startswith("VmHWM")).split()[1]) / 1024
