"""Prunes the image of what the service never reads; the builder stage runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

# The AWS services whose descriptions stay in botocore: those that the service
# calls, and sts, which the credential chain calls. What botocore reads for any
# service (partitions, retries) lies beside them.
SERVICES = frozenset({"athena", "dynamodb", "s3", "secretsmanager", "sqs", "sts", "xray"})

# What the service imports of its packages, and of the standard library what none of
# them does. All else keeps its source without bytecode, but for Benchling's client and
# OpenTelemetry, of which only these modules stay.
IMPORTED = (
    "benchling_sdk.apps.helpers.webhook_helpers",
    "benchling_sdk.auth.client_credentials_oauth2",
    "benchling_sdk.benchling",
    "benchling_sdk.services.v2.stable.api_service",
    "benchling_sdk.services.v2.stable.app_service",
    "benchling_sdk.services.v2.stable.export_service",
    "boto3.s3.transfer",
    "ctypes",
    "flask",
    "httpcore",
    "httpx",
    "isal.isal_zlib",
    "jwcrypto.jwk",
    "opentelemetry.context.contextvars_context",
    "opentelemetry.sdk.trace.export",
    "structlog",
    "waitress",
)

# Its two thousand modules, one for each thing that the API knows, are most of
# the environment, and in part there three times, under old names and new.
CLIENT = "benchling_api_client"

# Metrics, logs, and the names of everything that anybody traces.
TELEMETRY = "opentelemetry"

# Tests inside packages.
TESTS = ("jwcrypto/tests-cookbook.py", "jwcrypto/tests.py", "jwcrypto/tests_mldsa.py")

# Of the interpreter's own package: tests, tools, the texts of help(), and pip.
INTERPRETER = (
    "ctypes/test",
    "distutils/tests",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "pydoc_data",
    "test",
    "tkinter",
    "turtledemo",
    "unittest/test",
)
WHEELS = Path("/usr/share/python3.11-wheels")

REPORT = """
import sys, sysconfig
paths = [sysconfig.get_path("purelib"), sysconfig.get_path("stdlib")]
files = {getattr(it, "__file__", None) for it in list(sys.modules.values())} - {None}
print(*paths, *sorted(files), sep="\\n")
"""


def loaded(python: Path, program: str) -> tuple[Path, Path, set[Path]]:
    """Return where packages and standard library lie, and what a program loads of both."""
    # -B: what is imported here must leave no trace.
    command = [str(python), "-B", "-c", program + REPORT]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    packages, standard, *files = (Path(line) for line in out.splitlines())
    return packages, standard, set(files)


def service_program() -> str:
    """Return a program that loads what the service does, clients of AWS included."""
    clients = "".join(f"boto3.client({name!r}, 'us-east-1');" for name in sorted(SERVICES))
    return f"import runpy, boto3, {', '.join(IMPORTED)};{clients}"


def bytecode(directory: Path, keep: set[Path]) -> list[Path]:
    """Return the bytecode below a directory, of modules that aren't to be kept."""
    # Optimised bytecode, opt-1 and opt-2, repeats the plain one.
    kept = {file.parent / "__pycache__" / f"{file.stem}.cpython-311.pyc" for file in keep}
    return [file for file in directory.rglob("*.pyc") if file not in kept]


def remove(paths: Iterable[Path]) -> int:
    """Delete files and directories, where they exist; return the bytes saved."""
    saved = 0
    for path in paths:
        if path.is_dir():
            saved += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            shutil.rmtree(path)
        elif path.exists():
            saved += path.stat().st_size
            path.unlink()
    return saved


def prune_endpoints(file: Path) -> int:
    """Drop the URLs of services that nobody calls; return the bytes saved.

    Every client reads the whole file into memory.
    """
    before = file.read_bytes()
    document = json.loads(before)
    for partition in document["partitions"]:
        services = partition["services"]
        partition["services"] = {it: services[it] for it in services if it in SERVICES}
    file.write_text(json.dumps(document, separators=(",", ":")))
    return len(before) - file.stat().st_size


def prune(packages: Path, keep: set[Path]) -> dict[str, int]:
    """Delete of the packages what the service doesn't read; return the bytes saved."""
    client = packages / CLIENT
    data = packages / "botocore" / "data"
    versions = list(data.glob("*/"))
    unused = [file for file in client.rglob("*.py") if file not in keep]
    telemetry = [it for it in (packages / TELEMETRY).rglob("*.py") if it not in keep]
    return {
        "botocore's other services": remove(it for it in versions if it.name not in SERVICES),
        "their addresses": prune_endpoints(data / "endpoints.json"),
        "Benchling's other models": remove([*unused, *client.rglob("openapi.yaml")]),
        "OpenTelemetry's other modules": remove(telemetry),
        "bytecode": remove(bytecode(packages, keep)),
        "tests": remove(packages / name for name in TESTS),
    }


def main(python: Path, prune_list: Path) -> int:
    """Prune the environment of an interpreter, and write the prune list.

    That is the paths of the interpreter's own package that its image doesn't need,
    one a line, for the stage that installs it.
    """
    packages, standard, keep = loaded(python, service_program())
    for what, saved in prune(packages, keep).items():
        print(f"left out {saved / 1e6:5.1f} MB: {what}")  # noqa: T201
    directories = [WHEELS, *(standard / name for name in INTERPRETER)]
    paths = [*directories, *(it for it in bytecode(standard, keep) if it.parent not in directories)]
    prune_list.write_text("".join(f"{path}\n" for path in sorted(paths)))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
