"""pydantic-settings beside the service's own reader: weight, problems, and what a message shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from unittest import mock

import settings_pydantic
from own_code import code_lines, dotted, lines_of, lines_that_stay, module
from pydantic import ValidationError

own = module("settings")
PASSWORD = "hunter2-hunter2"
ROUNDS = 9
RIGHT = {
    "PORT": "8080",
    "AWS_REGION": "us-east-1",
    "INTAKE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/intake.fifo",
    "CANVAS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/canvas.fifo",
}
# Six faults, and a password in a URL.
WRONG = {
    **RIGHT,
    "PORT": "0",
    "AWS_REGION": "-nowhere",
    "WORKER_CONCURRENCY": "many",
    "LEASE_SECONDS": "1",
    "LOG_LEVEL": "LOUD",
    "FRONT_DOOR_URL": f"https://user:{PASSWORD}@front.example/",
}


def by_own(environment: dict[str, str]) -> str:
    """Return the message of the service's reader, or nothing."""
    try:
        own.read_settings(environment)
    except own.SettingsError as error:
        return str(error)
    return ""


def by_pydantic(kind: type[settings_pydantic.Settings]) -> Callable[[dict[str, str]], str]:
    """Return a reader's message, or nothing."""

    def read(environment: dict[str, str]) -> str:
        with mock.patch.dict(os.environ, environment, clear=True):
            try:
                kind()
            except ValidationError as error:
                return str(error)
        return ""

    return read


def problems(message: str) -> int:
    """Return how many of the wrong variables a message names."""
    return sum(name.lower() in message.lower() for name in WRONG if WRONG[name] != RIGHT.get(name))


def import_times() -> list[float]:
    """Return the median times in milliseconds that the imports take: own, pydantic's."""
    took: list[list[float]] = [[], []]
    imports = (f"import {dotted('settings')}", f"import {dotted('settings')}, pydantic_settings")
    for _ in range(ROUNDS):
        for times, line in zip(took, imports, strict=True):
            text = f"import time; began = time.perf_counter(); {line}; print(time.perf_counter() - began)"
            out = subprocess.run([sys.executable, "-c", text], check=True, capture_output=True, text=True)
            times.append(float(out.stdout) * 1000)
    return [median(it) for it in took]


def read_time(read: Callable[[dict[str, str]], str]) -> float:
    """Return the median time in milliseconds that one read takes."""
    took = []
    for _ in range(50):
        began = time.perf_counter()
        assert not read(RIGHT)
        took.append((time.perf_counter() - began) * 1000)
    return median(took)


def main() -> None:
    """Print the rows: what, own, pydantic's."""
    default, quiet = by_pydantic(settings_pydantic.Settings), by_pydantic(settings_pydantic.QuietSettings)
    # Names, patterns and the masked view are needed with either.
    lines = code_lines(Path(settings_pydantic.__file__).read_text())
    lines += lines_that_stay("settings", "PATTERNS", "QUEUE_PATH", "REQUIRED", "WORKER_REQUIRED", "masked")
    rows = [
        ["import, ms", *import_times()],
        ["one read, ms", read_time(by_own), read_time(default)],
        ["lines of code, dataclass and reader", lines_of("settings"), lines],
        ["problems found of six", problems(by_own(WRONG)), problems(default(WRONG))],
        ["a password in a URL is shown", PASSWORD in by_own(WRONG), PASSWORD in default(WRONG)],
        ["the same with hide_input_in_errors", PASSWORD in by_own(WRONG), PASSWORD in quiet(WRONG)],
        ["lines of the message", len(by_own(WRONG).splitlines()), len(quiet(WRONG).splitlines())],
    ]
    print(json.dumps(rows))


main()
