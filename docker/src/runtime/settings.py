"""The settings, read once from the environment that the stack sets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .secret import LOG_LEVELS, Secret, read_secret
from .urls import MASK, is_host, masked_url, url_fault

DEFAULTS = {
    "STOP_TIMEOUT_SECONDS": "30",
    "SHUTDOWN_DELAY_SECONDS": "0",
    "WORKER_CONCURRENCY": "4",
    "LEASE_SECONDS": "60",
    "RETRY_SECONDS": "15",
    "EXPORT_INTERVAL_SECONDS": "10",
    "EXPORT_TIMEOUT_SECONDS": "1800",
    "CALL_TIMEOUT_SECONDS": "60",
    "DOWNLOAD_FLOOR_SECONDS": "30",
    "CONFIRM_SECONDS": "0",
}
REQUIRED = ("AWS_REGION", "INTAKE_QUEUE_URL", "CANVAS_QUEUE_URL")
WORKER_REQUIRED = (
    *REQUIRED,
    "CLAIMS_TABLE",
    "DEAD_LETTER_QUEUE_URL",
    "PACKAGE_BUCKET",
    "PACKAGING_QUEUE_URL",
    "REVISION_QUEUE_URL",
)
# What each of them may be, as the stack and AWS have it, and the remedy.
# Source: the API references of SQS, S3 and DynamoDB.
PATTERNS = {
    "AWS_REGION": (
        r"(?![0-9]+$)(?!-)[A-Za-z0-9-]{1,63}(?<!-)",
        "no region: use one such as us-east-1",
    ),
    "PACKAGE_BUCKET": (r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "no bucket's name: use one"),
    "PACKAGE_PREFIX": (
        "[a-zA-Z0-9][a-zA-Z0-9_-]{0,99}",
        "no first part of a package's name: use up to 100 letters, digits, - and _",
    ),
    "QUILT_CONNECTED": ("true|false", "use true or false"),
    "CLAIMS_TABLE": (r"[A-Za-z0-9_.-]{3,255}", "no table's name: use one"),
}
QUEUES = (
    "INTAKE_QUEUE_URL",
    "CANVAS_QUEUE_URL",
    "DEAD_LETTER_QUEUE_URL",
    "PACKAGING_QUEUE_URL",
    "REVISION_QUEUE_URL",
)
QUEUE_PATH = re.compile(r"(/[^/]+)*/[A-Za-z0-9_-]{1,80}(\.fifo)?")
# A wrong value is shown so far.
SHOWN_LETTERS = 80


class SettingsError(ValueError):
    """What is wrong with the environment, one problem a line."""


@dataclass(frozen=True)
class Settings:
    """The resolved settings; ``problems`` says why the service isn't ready."""

    port: int
    region: str = ""
    intake_queue_url: str = ""
    canvas_queue_url: str = ""
    package_bucket: str = ""
    package_prefix: str = "benchling"
    quilt_catalog: str = ""
    log_level: str = "INFO"
    stop_timeout_seconds: int = 30
    # How long the web service takes new connections after SIGTERM: a load balancer
    # may send requests to a task that is being stopped.
    shutdown_delay_seconds: int = 0
    secret: Secret = field(default_factory=Secret)
    claims_table: str = ""
    dead_letter_queue_url: str = ""
    packaging_queue_url: str = ""
    # Where Quilt's events of new revisions come in.
    revision_queue_url: str = ""
    # The workflow of Quilt's that checks packages: None is the registry's default,
    # the empty text is none.
    workflow: str | None = None
    # Within what time Quilt is expected to confirm a package; 0 expects nothing.
    confirm_seconds: int = 0
    # How long an entry's next export waits for further edits.
    export_interval_seconds: int = 10
    # One export, which holds a place of the worker's: several gigabytes take minutes,
    # and Benchling may take a quarter of an hour to make them.
    export_timeout_seconds: int = 1800
    # One call of Benchling's API, to its last byte: an entry of megabytes takes seconds.
    call_timeout_seconds: int = 60
    # A download that brings less than 64 KiB in this time has broken off.
    download_floor_seconds: int = 30
    # The dimensions of the metrics; without a stack's name none is written.
    stack_name: str = ""
    service_name: str = ""
    # The health check's URL, as Benchling's calls come in; it is probed.
    front_door_url: str = ""
    # Whether a Quilt stack reads the packaging queue.
    quilt_connected: bool = True
    # Where ECS has its agent; empty elsewhere.
    ecs_agent_uri: str = ""
    # How many entries one worker task works on at once.
    worker_concurrency: int = 4
    # The life of a claim and of a message's invisibility, between heartbeats.
    lease_seconds: int = 60
    # Before the second attempt; each further one waits three times as long.
    retry_seconds: int = 15
    problems: tuple[str, ...] = ()

    def masked(self) -> dict[str, object]:
        """Return the settings for a reader, secrets masked."""
        shown = {**vars(self.secret), **vars(self)}
        del shown["secret"], shown["problems"]
        for name, value in shown.items():
            if name in ("client_id", "client_secret"):
                shown[name] = MASK if value else ""
            elif name.endswith("_url"):
                shown[name] = masked_url(str(value))
        return shown


def read_settings(environment: Mapping[str, str], required: tuple[str, ...] = REQUIRED) -> Settings:
    """Return the settings of an environment; ``required`` names what it must have.

    What people put into the secret, and what a deployment can't have yet, is a
    problem that keeps the service from being ready. Invalid values of the stack's
    raise SettingsError, listing all.
    """
    wrong: list[str] = []
    prefix = environment.get("PACKAGE_PREFIX", "benchling")
    secret = read_secret(environment.get("BENCHLING_SECRET", ""), prefix)
    problems = list(secret.problems)
    problems.extend(
        f"{name} is not set: the stack sets it in the task definition"
        for name in required
        if not environment.get(name)
    )
    wrong.extend(_faults(environment))
    environment = {**DEFAULTS, **environment}
    settings = Settings(
        port=_integer(environment, "PORT", range(1, 65536), wrong),
        region=environment.get("AWS_REGION", ""),
        intake_queue_url=environment.get("INTAKE_QUEUE_URL", ""),
        canvas_queue_url=environment.get("CANVAS_QUEUE_URL", ""),
        package_bucket=environment.get("PACKAGE_BUCKET", ""),
        package_prefix=prefix,
        quilt_catalog=environment.get("QUILT_CATALOG", ""),
        log_level=secret.log_level or _level(environment, wrong),
        stop_timeout_seconds=_integer(environment, "STOP_TIMEOUT_SECONDS", range(2, 121), wrong),
        shutdown_delay_seconds=_integer(environment, "SHUTDOWN_DELAY_SECONDS", range(120), wrong),
        claims_table=environment.get("CLAIMS_TABLE", ""),
        dead_letter_queue_url=environment.get("DEAD_LETTER_QUEUE_URL", ""),
        packaging_queue_url=environment.get("PACKAGING_QUEUE_URL", ""),
        revision_queue_url=environment.get("REVISION_QUEUE_URL", ""),
        workflow=environment.get("QUILT_WORKFLOW"),
        confirm_seconds=_integer(environment, "CONFIRM_SECONDS", range(86401), wrong),
        export_interval_seconds=_integer(environment, "EXPORT_INTERVAL_SECONDS", range(301), wrong),
        export_timeout_seconds=_integer(
            environment, "EXPORT_TIMEOUT_SECONDS", range(60, 43201), wrong
        ),
        call_timeout_seconds=_integer(environment, "CALL_TIMEOUT_SECONDS", range(5, 901), wrong),
        download_floor_seconds=_integer(
            environment, "DOWNLOAD_FLOOR_SECONDS", range(5, 601), wrong
        ),
        stack_name=environment.get("STACK_NAME", ""),
        service_name=environment.get("SERVICE_NAME", ""),
        front_door_url=environment.get("FRONT_DOOR_URL", ""),
        quilt_connected=environment.get("QUILT_CONNECTED", "true") == "true",
        ecs_agent_uri=environment.get("ECS_AGENT_URI", ""),
        worker_concurrency=_integer(environment, "WORKER_CONCURRENCY", range(1, 33), wrong),
        lease_seconds=_integer(environment, "LEASE_SECONDS", range(3, 3601), wrong),
        retry_seconds=_integer(environment, "RETRY_SECONDS", range(1, 401), wrong),
        secret=secret,
        problems=tuple(problems),
    )
    if not wrong and settings.shutdown_delay_seconds >= settings.stop_timeout_seconds:
        wrong.append(
            f"SHUTDOWN_DELAY_SECONDS '{settings.shutdown_delay_seconds}': not below"
            f" STOP_TIMEOUT_SECONDS, which is {settings.stop_timeout_seconds}: use a shorter delay"
        )
    if wrong:
        raise SettingsError("\n".join(wrong))
    return settings


def _faults(environment: Mapping[str, str]) -> list[str]:
    """Return what is invalid of the names and URLs that are set."""
    faults = []
    for name, (pattern, fault) in PATTERNS.items():
        text = environment.get(name, "")
        if text and not re.fullmatch(pattern, text):
            faults.append(f"{name} {_shown(text)}: {fault}")
    # Their text isn't shown: it may hold a password.
    for name in (*QUEUES, "AWS_ENDPOINT_URL", "FRONT_DOOR_URL"):
        text = environment.get(name, "")
        fault = url_fault(text, http=True) if text else ""
        if text and not fault and name in QUEUES and not QUEUE_PATH.fullmatch(urlsplit(text).path):
            fault = "its path doesn't end with a queue's name: use the address that SQS gives"
        if fault:
            faults.append(f"{name}: no address to use: {fault}")
    catalog = environment.get("QUILT_CATALOG", "")
    if catalog and not is_host(catalog):
        faults.append(
            f"QUILT_CATALOG {_shown(catalog)}: no host: use one such as open.quiltdata.com"
        )
    return faults


def _level(environment: Mapping[str, str], wrong: list[str]) -> str:
    level = (environment.get("LOG_LEVEL") or "INFO").upper()
    if level not in LOG_LEVELS:
        wrong.append(
            f"LOG_LEVEL {_shown(level)}: no such level: use one of {', '.join(LOG_LEVELS)}"
        )
    return level


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…")


def _integer(environment: Mapping[str, str], name: str, allowed: range, wrong: list[str]) -> int:
    text = environment.get(name, "")
    if re.fullmatch("[0-9]{1,9}", text) and int(text) in allowed:
        return int(text)
    wrong.append(
        f"{name} {_shown(text)}: not a whole number from {allowed[0]} to {allowed[-1]}: set one"
    )
    return 0
