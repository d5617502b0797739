"""Leaves out of an environment what the service never reads; the builder stage runs it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

# The AWS services whose descriptions stay in botocore: those that the service
# calls, and sts, which the credential chain calls. Everything that botocore
# reads for any service (endpoints, partitions, retries) lies beside them.
SERVICES = frozenset({"dynamodb", "s3", "sqs", "sts"})


def leave_out(data: Path) -> int:
    """Delete the descriptions of all other services; return the bytes saved."""
    saved = 0
    for service in data.iterdir():
        if service.is_dir() and service.name not in SERVICES:
            saved += sum(file.stat().st_size for file in service.rglob("*") if file.is_file())
            shutil.rmtree(service)
    return saved


def main(site_packages: Path) -> int:
    """Trim the environment with this folder of packages; return the exit status."""
    data = site_packages / "botocore" / "data"
    if not data.is_dir():
        print(f"{data}: not there: no service's description to leave out")  # noqa: T201
        return 0
    print(f"{data}: left out {leave_out(data) / 1e6:.1f} MB")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
