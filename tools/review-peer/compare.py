"""Compare our review with the library below `cdk diff`: `make compare-review`. Prints a table.

Usage: compare.py REVIEW NODE_MODULES [CASES]: our program, the packages that have
@aws-cdk/cloudformation-diff, and changes to templates as in internal/review/testdata/changes.json,
which is the default.

A change is silent where a comparison says that nothing differs, and something does. A danger (exit 2 is due) is
told where ours exits with 2 and has the resource in its first three lines; of the peer, which has no such order, it is
enough that it says of the resource, anywhere, that it is replaced, may be, or goes, or that it shows it among broadened
permissions. A false alarm is a danger told where none is, or a change told where nothing differs.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonpatch

ROOT = Path(__file__).parents[2]
DATA = ROOT / "internal/review/testdata"
TIMED = 9  # How many cases are timed, each in a process of its own.
LIMIT_SECONDS = 600


@dataclass(frozen=True)
class Said:
    """What a comparison says of a case; text is where it must name the resource."""

    changed: bool
    danger: bool
    text: str


# What a comparison says of cases, by their directories.
Compare = Callable[[list[Path]], dict[str, Said]]


def ours(program: Path) -> Compare:
    """Return our comparison."""

    def compare(directories: list[Path]) -> dict[str, Said]:
        found = {}
        for it in directories:
            command = [program, "-out", it, "-templates", it / "before.json", it / "after.json"]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS)
            if done.returncode > 2:
                sys.exit(f"{it.name}: {done.stderr}")
            first = "\n".join(done.stdout.splitlines()[:3])
            found[it.name] = Said(done.returncode > 0, done.returncode == 2, first)
        return found

    return compare


def peer(packages: Path) -> Compare:
    """Return the peer's comparison."""

    def compare(directories: list[Path]) -> dict[str, Said]:
        command = ["node", Path(__file__).with_name("peer.mjs"), packages, *directories]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=LIMIT_SECONDS)
        return {Path(name).name: Said(**said) for name, said in json.loads(done.stdout).items()}

    return compare


def written(cases: dict[str, Any], to: Path) -> list[Path]:
    """Write each case's templates into a directory of its own."""
    base = json.loads((DATA / "changes.template.json").read_text())
    for name, case in cases.items():
        before = jsonpatch.apply_patch(base, case["before"])
        after = jsonpatch.apply_patch(before, case["after"])
        directory = to / name
        directory.mkdir()
        (directory / "before.json").write_text(json.dumps(before))
        (directory / "after.json").write_text(json.dumps(after))
    return [to / name for name in cases]


def is_named(case: dict[str, Any], text: str) -> bool:
    """Say whether a text names what it must: of no name, a resource that the change touches."""
    if case["expect"]["named"]:
        return case["expect"]["named"] in text
    paths = [operation["path"].split("/") for operation in case["after"]]
    return any(steps[1] != "Resources" or steps[2] in text for steps in paths)


def figures(compare: Compare, cases: dict[str, Any], directories: list[Path]) -> list[str]:
    """Return a row of the table."""
    said = compare(directories)
    due = {name: case["expect"]["exit"] for name, case in cases.items()}
    silent = sum(due[name] > 0 and not it.changed for name, it in said.items())
    told = sum(due[name] == 2 and it.danger and is_named(cases[name], it.text) for name, it in said.items())
    false = sum((due[name] == 0 and it.changed) or (due[name] < 2 and it.danger) for name, it in said.items())
    seconds = []
    for directory in directories[:: max(1, len(directories) // TIMED)][:TIMED]:
        began = time.monotonic()
        compare([directory])
        seconds.append(time.monotonic() - began)
    return [str(silent), str(told), str(false), f"{statistics.median(seconds):.2f}"]


def main() -> None:
    """Print the table."""
    program, packages = (Path(it).absolute() for it in sys.argv[1:3])
    file = Path(sys.argv[3]) if len(sys.argv) > 3 else DATA / "changes.json"
    cases = json.loads(file.read_text())
    due = [case["expect"]["exit"] for case in cases.values()]
    version = json.loads((packages / "@aws-cdk/cloudformation-diff/package.json").read_text())["version"]
    heads = ["silent", "dangers told", "false alarms", "seconds"]
    totals = [len(due) - due.count(0), due.count(2), len(due) - due.count(2)]
    print(
        "| | " + " | ".join([*(f"{head} of {of}" for head, of in zip(heads[:3], totals, strict=True)), heads[3]]) + " |"
    )
    print("|---" * 5 + "|")
    with tempfile.TemporaryDirectory() as to:
        directories = written(cases, Path(to))
        for name, compare in (
            ("internal/review", ours(program)),
            (f"@aws-cdk/cloudformation-diff {version}", peer(packages)),
        ):
            print(f"| {name} | " + " | ".join(figures(compare, cases, directories)) + " |", flush=True)


if __name__ == "__main__":
    main()
