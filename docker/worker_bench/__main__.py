"""Measures the worker beside references in one run, and writes build/bench-worker.json.

Arguments: how large each case is beside the issue's (1 by default), and the cases' names
(all by default).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .cases import CASES, MB, Case, archive_of, scaled
from .certificate import certificate

DOCKER = Path(__file__).parents[1]
BUILD = DOCKER.parent / "build"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "for-the-emulator", "AWS_SECRET_ACCESS_KEY": "for-the-emulator"}
LIMIT_SECONDS = 120
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Figures:
    """What one case took; times in seconds, CPU and rates of the worker's process alone."""

    case: str
    tls: bool
    delay_ms: int
    seconds: float
    packages_per_second: float
    mb_per_second: float
    cpu_ms_per_package: float
    cpu_ms_per_file: float
    cpu_ms_per_mb: float
    peak_mib: float
    # The p50 of an idle worker's time to the packaging message, with one poll of the export.
    latency_ms: float
    # The worker's rate as a share of the reference's.
    of_unzip: float
    of_boto3: float
    of_curl: float
    calls_per_package: dict[str, float]


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


@contextmanager
def process(*command: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Run a Python module for as long as the context."""
    log = (BUILD / "bench-worker" / "worker.log").open("a")
    with (
        log,
        subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=DOCKER,
            env={"PATH": os.environ["PATH"], **CREDENTIALS, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if command[0] == "worker_bench.stand_in" else log,
            stderr=log,
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


def cpu_seconds(pid: int) -> float:
    """Return what a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mib(pid: int) -> float:
    """Return a process's largest resident memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(it for it in lines if it.startswith("VmHWM")).split()[1]) / 1024


def measure(case: Case, delay_ms: int, scale: float, pem: str = "") -> Figures:
    """Return a case's figures, over TLS if there is a certificate for it."""
    trusted = {"AWS_CA_BUNDLE": pem, "SSL_CERT_FILE": pem} if pem else {}
    case = scaled(case, scale)
    path, packages = archive_of(case, BUILD / "bench-worker"), case.packages
    with zipfile.ZipFile(path) as archive:
        megabytes = sum(it.file_size for it in archive.infolist()) / MB * packages
    with ExitStack() as stack:
        arguments = [str(path), str(delay_ms), *([pem] if pem else [])]
        remote = Remote(stack.enter_context(process("worker_bench.stand_in", *arguments)))
        settings = environment(remote.address, case.at_once) | trusted
        worker = stack.enter_context(process("src.worker", **settings))
        remote.run(1)
        alone = sorted(remote.run(1)[0] for _ in range(9 if case.size < MB else 1))
        before = cpu_seconds(worker.pid)
        seconds, counts = remote.run(packages)
        cpu = (cpu_seconds(worker.pid) - before) * 1000
        peak = peak_mib(worker.pid)
        worker.kill()
        command = [
            sys.executable,
            "-m",
            "worker_bench.reference",
            str(path),
            remote.address,
            str(packages),
        ]
        done = subprocess.run(
            command,
            cwd=DOCKER,
            env={**os.environ, **CREDENTIALS, **trusted},
            check=True,
            stdout=subprocess.PIPE,
        )
        unzip, boto3, curl = json.loads(done.stdout)
    return Figures(
        case.name,
        bool(pem),
        delay_ms,
        seconds,
        packages / seconds,
        megabytes / seconds,
        cpu / packages,
        cpu / packages / case.files,
        cpu / megabytes,
        peak,
        alone[len(alone) // 2] * 1000,
        unzip / seconds,
        boto3 / seconds,
        curl / seconds,
        {name: round(count / packages, 1) for name, count in sorted(counts["calls"].items())},
    )


COLUMNS = "%-24s %5s %5s %8s %7s %9s %8s %7s %5s %6s %8s %8s %8s"
HEADS = (
    *("", "S3 ms", "TLS", "pack./s", "MB/s", "CPU/pack.", "CPU/file", "CPU/MB", "MiB", "p50"),
    *("of unzip", "of boto3", "of curl"),
)


def row(f: Figures) -> str:
    """Return figures as a line of the table."""
    costs = (f.cpu_ms_per_package, f.cpu_ms_per_file, f.cpu_ms_per_mb)
    shares = (f.of_unzip, f.of_boto3, f.of_curl)
    return COLUMNS % (
        *(f.case, f.delay_ms, "yes" if f.tls else "no"),
        *(f"{f.packages_per_second:.1f}", f"{f.mb_per_second:.0f}"),
        *(f"{it:.1f}" for it in costs),
        *(f"{f.peak_mib:.0f}", f"{f.latency_ms:.0f}"),
        *(f"{it:.2f}" for it in shares),
    )


def main() -> None:
    """Measure, print and write the figures."""
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    (BUILD / "bench-worker").mkdir(parents=True, exist_ok=True)
    pem = str(certificate(BUILD / "bench-worker" / "certificate.pem"))
    print(COLUMNS % HEADS)
    found = []
    for case in CASES:
        if len(sys.argv) > 2 and not any(case.name.startswith(it) for it in sys.argv[2:]):
            continue
        for delay_ms, used in (*((it, "") for it in case.delays), (max(case.delays), pem)):
            found.append(measure(case, delay_ms, scale, used))
            print(row(found[-1]), flush=True)
    (BUILD / "bench-worker.json").write_text(json.dumps([asdict(it) for it in found], indent=2))


if __name__ == "__main__":
    main()
