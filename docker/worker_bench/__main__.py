"""Measures the worker beside references in one run, and writes build/bench-worker.json.

Arguments: how large each case is beside the issue's (1 by default), and the cases' names
(all by default).
"""

from __future__ import annotations

import json
import os
import sys
import zipfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.certificate import certificate

from .cases import CASES, MB, Case, archive_of, scaled
from .processes import DOCKER, Remote, cpu_seconds, environment, peak_mib, process, reference

BUILD = DOCKER.parent / "build"
# How often an idle worker gets an event at the whole size, and at least.
IDLE_RUNS, LEAST_IDLE_RUNS = 9, 3


@dataclass(frozen=True)
class Idle:
    """An idle worker's p50 from an event to its packaging message, in milliseconds.

    The export is ready at the first poll, or at the second. ``reference_ms`` is curl, unzip
    and boto3's transfer of the same package, one after the other.
    """

    ready_ms: float
    polled_ms: float
    reference_ms: float


@dataclass(frozen=True)
class Figures:
    """What one case took; times in seconds, CPU and rates of the worker's process alone."""

    case: str
    tls: bool
    delay_ms: int
    packages: int
    files: int
    megabytes_per_package: float
    seconds: float
    packages_per_second: float
    mb_per_second: float
    cpu_ms_per_package: float
    cpu_ms_per_file: float
    cpu_ms_per_mb: float
    peak_mib: float
    # Of cases with one package at once and small files.
    idle: Idle | None
    # The worker's rate as a share of the reference's.
    of_unzip: float
    of_boto3: float
    of_curl: float
    calls_per_package: dict[str, float]


def measure(case: Case, delay_ms: int, scale: float, pem: str, directory: Path) -> Figures:
    """Return a case's figures, over TLS if there is a certificate for it."""
    trusted = {"AWS_CA_BUNDLE": pem, "SSL_CERT_FILE": pem} if pem else {}
    case, log = scaled(case, scale), directory / "worker.log"
    path, packages = archive_of(case, directory), case.packages
    with zipfile.ZipFile(path) as archive:
        megabytes = sum(it.file_size for it in archive.infolist()) / MB
    with ExitStack() as stack:
        arguments = [str(path), str(delay_ms), *([pem] if pem else [])]
        remote = Remote(stack.enter_context(process(log, "worker_bench.stand_in", *arguments)))
        settings = environment(remote.address, case.at_once) | trusted
        worker = stack.enter_context(process(log, "src.worker", **settings))
        remote.run(1)
        runs = max(round(IDLE_RUNS * scale), LEAST_IDLE_RUNS) if case.idle else 0
        ready, polled = (remote.idle(it, runs) if runs else 0.0 for it in (0, 1))
        before = cpu_seconds(worker.pid)
        seconds, counts = remote.run(packages)
        cpu = (cpu_seconds(worker.pid) - before) * 1000
        peak = peak_mib(worker.pid)
        worker.kill()
        unzip, boto3, curl = reference(path, remote.address, packages, trusted)
    together = (unzip + boto3 + curl) / packages
    return Figures(
        case.name,
        bool(pem),
        delay_ms,
        packages,
        case.files,
        megabytes,
        seconds,
        packages / seconds,
        megabytes * packages / seconds,
        cpu / packages,
        cpu / packages / case.files,
        cpu / packages / megabytes,
        peak,
        Idle(ready * 1000, polled * 1000, together * 1000) if runs else None,
        unzip / seconds,
        boto3 / seconds,
        curl / seconds,
        {name: round(count / packages, 1) for name, count in sorted(counts["calls"].items())},
    )


COLUMNS = "%-24s %5s %5s %8s %7s %9s %8s %7s %5s %6s %7s %8s %8s %8s"
HEADS = (
    *("", "S3 ms", "TLS", "pack./s", "MB/s", "CPU/pack.", "CPU/file", "CPU/MB", "MiB", "ready"),
    *("polled", "of unzip", "of boto3", "of curl"),
)


def row(f: Figures) -> str:
    """Return figures as a line of the table."""
    costs = (f.cpu_ms_per_package, f.cpu_ms_per_file, f.cpu_ms_per_mb)
    shares = (f.of_unzip, f.of_boto3, f.of_curl)
    idle = (f"{f.idle.ready_ms:.0f}", f"{f.idle.polled_ms:.0f}") if f.idle else ("", "")
    return COLUMNS % (
        *(f.case, f.delay_ms, "yes" if f.tls else "no"),
        *(f"{f.packages_per_second:.1f}", f"{f.mb_per_second:.0f}"),
        *(f"{it:.1f}" for it in costs),
        *(f"{f.peak_mib:.0f}", *idle),
        *(f"{it:.2f}" for it in shares),
    )


def main() -> None:
    """Measure, print and write the figures."""
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    directory = BUILD / "bench-worker"
    directory.mkdir(parents=True, exist_ok=True)
    pem = str(certificate(directory / "certificate.pem"))
    machine = {
        "date": datetime.now(UTC).date().isoformat(),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
    print(COLUMNS % HEADS)
    found = []
    for case in CASES:
        if len(sys.argv) > 2 and not any(case.name.startswith(it) for it in sys.argv[2:]):
            continue
        for used in ("", pem):
            for delay_ms in case.delays:
                found.append(measure(case, delay_ms, scale, used, directory))
                print(row(found[-1]), flush=True)
    text = {"machine": machine, "scale": scale, "rows": [asdict(it) for it in found]}
    (BUILD / "bench-worker.json").write_text(json.dumps(text, indent=2) + "\n")


if __name__ == "__main__":
    main()
