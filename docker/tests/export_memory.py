"""Stores four exports at once, as a worker does, and prints its peak memory in KiB.

A process of its own: the servers that it talks to belong to the caller.
Arguments: the ZIP's URL, S3's URL.
"""

import re
import sys
import threading
from pathlib import Path

import boto3
import httpx

from src.export.benchling_client import BenchlingClient
from src.export.download import open_download
from src.store.archive import Archive
from src.store.package_store import PackageStore

ENTRIES_AT_ONCE = 4


def store(address: str, s3: object, number: int) -> None:
    with open_download(httpx.Client(timeout=30), address, lambda: None, 30) as file:
        PackageStore(s3, "packages", lambda: None).write(
            f"benchling/EXP{number}", "etr_1", Archive(file), lambda _: {"README.md": b"# A test"}
        )


def main() -> None:
    address, endpoint = sys.argv[1:]
    BenchlingClient("http://127.0.0.1:9", "id", "secret", httpx.Client())
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    failed: list[BaseException] = []
    threading.excepthook = lambda it: failed.append(it.exc_value)
    threads = [
        threading.Thread(target=store, args=(address, s3, number))
        for number in range(ENTRIES_AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    # getrusage's peak would be at least that of the process that forked this one.
    status = Path("/proc/self/status").read_text()
    print(re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)[1])  # noqa: T201


if __name__ == "__main__":
    main()
