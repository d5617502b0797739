"""References of the same bytes: prints the seconds of unzipping, boto3's own transfer, and curl.

Arguments: the ZIP, the stand-in's URL, and how many times the whole is done. Of TLS,
AWS_CA_BUNDLE is the certificate.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import boto3

PIECE_BYTES = 1024**2


def unzip(path: Path) -> float:
    """Return the seconds that unpacking takes alone."""
    began = time.perf_counter()
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as file:
                while file.read(PIECE_BYTES):
                    pass
    return time.perf_counter() - began


def transfer(path: Path, endpoint: str, times: int) -> float:
    """Return the seconds that boto3's default transfer takes, file after file, unpacked before."""
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    seconds = 0.0
    with zipfile.ZipFile(path) as archive:
        for number in range(times):
            for name in archive.namelist():
                content = io.BytesIO(archive.read(name))
                began = time.perf_counter()
                client.upload_fileobj(content, "packages", f"reference/{number}/{name}")
                seconds += time.perf_counter() - began
    return seconds


def download(endpoint: str) -> float:
    """Return the seconds in which curl downloads the ZIP and keeps nothing of it."""
    command = ["curl", "--silent", "--fail", "--output", os.devnull, "--range", "0-"]
    if bundle := os.environ.get("AWS_CA_BUNDLE"):
        command += ["--cacert", bundle]
    began = time.perf_counter()
    subprocess.run([*command, f"{endpoint}/export.zip"], check=True)
    return time.perf_counter() - began


def main() -> None:
    """Print the three."""
    path, endpoint, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    seconds = [unzip(path) * times, transfer(path, endpoint, times), download(endpoint) * times]
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
