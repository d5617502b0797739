"""What is measured: packages, how many at once, and how slow S3 is."""

from __future__ import annotations

import random
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """Packages of files, some at once; ``delays`` of S3 are in milliseconds.

    Each of them is measured without TLS and with it.
    """

    name: str
    files: int
    size: int
    packages: int = 1
    at_once: int = 4
    delays: tuple[int, ...] = (0, 30)

    @property
    def idle(self) -> bool:
        """Whether an idle worker's time to the packaging message is measured, too."""
        return self.at_once == 1


MB = 1_000_000
CASES = (
    Case("1 GiB", 1, 1024**3),
    Case("100 x 10 MB", 100, 10 * MB),
    Case("200 x 10 kB", 200, 10_000, packages=4, at_once=1),
    Case("10 x 100 kB, 1 at once", 10, 100_000, packages=20, at_once=1),
    Case("10 x 100 kB, 4 at once", 10, 100_000, packages=40, at_once=4),
    Case("10 x 100 kB, 16 at once", 10, 100_000, packages=40, at_once=16),
)


def archive_of(case: Case, directory: Path) -> Path:
    """Return a case's ZIP in a directory, made once: text that deflates to about a half."""
    path = directory / f"{case.files}x{case.size}.zip"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = random.Random(24).randbytes(MB).hex().encode()
    unfinished = path.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(case.files):
            with archive.open(f"data/{number}.txt", "w", force_zip64=True) as file:
                for start in range(0, case.size, len(noise)):
                    file.write(noise[: case.size - start])
    unfinished.rename(path)
    return path


def scaled(case: Case, scale: float) -> Case:
    """Return a case with fewer packages, but as many as are made at once.

    Of one package, it has fewer files, or a smaller one.
    """
    if case.packages > 1:
        return replace(case, packages=max(int(case.packages * scale), case.at_once))
    if case.files > 1:
        return replace(case, files=max(int(case.files * scale), 1))
    return replace(case, size=int(case.size * scale))
