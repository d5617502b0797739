"""The settings, read once from the environment that the stack sets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from .predecessor import VARIABLES, take_over
from .secret import Secret, read_secret
from .setting_types import Flag, Level, Names, Text, Whole, shown
from .urls import MASK, is_host, masked_url, url_fault

REQUIRED = ("AWS_REGION", "INTAKE_QUEUE_URL", "CANVAS_QUEUE_URL")
WORKER_REQUIRED = (
    *REQUIRED,
    "CLAIMS_TABLE",
    "DEAD_LETTER_QUEUE_URL",
    "PACKAGE_BUCKET",
    "PACKAGING_QUEUE_URL",
    "REVISION_QUEUE_URL",
)
# Of these, what exports need, and in their place what a worker without exports does.
EXPORT_REQUIRED = ("PACKAGE_BUCKET", "PACKAGING_QUEUE_URL", "REVISION_QUEUE_URL")
LINKED_REQUIRED = ("QUILT_ATHENA_DATABASE", "LINKED_BUCKETS")
BUCKET = (r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "no bucket's name: use one")
MAX_LINKED_BUCKETS = 50
# What each of them may be, as the stack and AWS have it, and the remedy.
# Source: the API references of SQS, S3, DynamoDB, Glue and Athena.
PATTERNS = {
    "AWS_REGION": (
        r"(?![0-9]+$)(?!-)[A-Za-z0-9-]{1,63}(?<!-)",
        "no region: use one such as us-east-1",
    ),
    "PACKAGE_BUCKET": BUCKET,
    "PACKAGE_PREFIX": (
        "[a-zA-Z0-9][a-zA-Z0-9_-]{0,99}",
        "no first part of a package's name: use up to 100 letters, digits, - and _",
    ),
    "EXPORT_ENTRIES": ("true|false", "use true or false"),
    "QUILT_CONNECTED": ("true|false", "use true or false"),
    "TRACING": ("true|false", "use true or false"),
    "QUILT_ATHENA_DATABASE": ("[a-z0-9_-]{1,255}", "no database's name: use Quilt's"),
    "ATHENA_WORKGROUP": ("[A-Za-z0-9._-]{1,128}", "no workgroup's name: use one"),
    "LINKED_BY": (
        "[A-Za-z0-9_-]{1,100}",
        "no key of metadata: use up to 100 letters, digits, - and _",
    ),
    "CLAIMS_TABLE": (r"[A-Za-z0-9_.-]{3,255}", "no table's name: use one"),
}
QUEUES = (
    "INTAKE_QUEUE_URL",
    "CANVAS_QUEUE_URL",
    "DEAD_LETTER_QUEUE_URL",
    "PACKAGING_QUEUE_URL",
    "REVISION_QUEUE_URL",
)
# The longest pause between two readings of the secret, in seconds.
SECRET_READ_SECONDS = 50
QUEUE_PATH = re.compile(r"(/[^/]+)*/[A-Za-z0-9_-]{1,80}(\.fifo)?")


class SettingsError(ValueError):
    """What is wrong with the environment, one problem a line."""


@dataclass(frozen=True)
class Settings:
    """The resolved settings; ``problems`` says why the service isn't ready.

    Each is declared once: its type says how it is read of the environment.
    """

    port: Annotated[int, Whole(1, 65535)]
    region: Annotated[str, Text("AWS_REGION")] = ""
    intake_queue_url: Annotated[str, Text()] = ""
    canvas_queue_url: Annotated[str, Text()] = ""
    package_bucket: Annotated[str, Text()] = ""
    package_prefix: Annotated[str, Text()] = "benchling"
    quilt_catalog: Annotated[str, Text()] = ""
    # The secret's goes before the environment's.
    log_level: Annotated[str, Level()] = "INFO"
    stop_timeout_seconds: Annotated[int, Whole(2, 120)] = 30
    # How long the web service takes new connections after SIGTERM: a load balancer
    # may send requests to a task that is being stopped.
    shutdown_delay_seconds: Annotated[int, Whole(0, 119)] = 0
    secret: Secret = field(default_factory=Secret)
    # Where the secret is; empty where nobody changes it, such as on a developer's machine.
    secret_arn: Annotated[str, Text("BENCHLING_SECRET_ARN")] = ""
    # The longest pause between two readings; a change is noticed within two minutes.
    secret_read_seconds: Annotated[int, Whole(1, 60)] = SECRET_READ_SECONDS
    claims_table: Annotated[str, Text()] = ""
    dead_letter_queue_url: Annotated[str, Text()] = ""
    packaging_queue_url: Annotated[str, Text()] = ""
    # Where Quilt's events of new revisions come in.
    revision_queue_url: Annotated[str, Text()] = ""
    # The workflow of Quilt's that checks packages: None is the registry's default,
    # the empty text is none.
    workflow: Annotated[str | None, Text("QUILT_WORKFLOW")] = None
    # The database of Quilt's views in Athena, in which canvases search for packages that
    # are linked to the entry by a key of their metadata; without one they don't.
    quilt_database: Annotated[str, Text("QUILT_ATHENA_DATABASE")] = ""
    athena_workgroup: Annotated[str, Text()] = "primary"
    linked_by: Annotated[str, Text()] = "experiment_id"
    # The buckets in which they are searched for beside the package bucket.
    linked_buckets: Annotated[tuple[str, ...], Names(*BUCKET, MAX_LINKED_BUCKETS)] = ()
    # Whether entries are exported; without it canvases show linked packages alone, and
    # there may be no package bucket.
    export_entries: Annotated[bool, Flag(empty=True)] = True
    # Within what time Quilt is expected to confirm a package; 0 expects nothing.
    confirm_seconds: Annotated[int, Whole(0, 86400)] = 0
    # How long an entry's next export waits for further edits.
    export_interval_seconds: Annotated[int, Whole(0, 300)] = 10
    # One export, which holds a place of the worker's: several gigabytes take minutes,
    # and Benchling may take a quarter of an hour to make them.
    export_timeout_seconds: Annotated[int, Whole(60, 43200)] = 1800
    # One call of Benchling's API, to its last byte: an entry of megabytes takes seconds.
    call_timeout_seconds: Annotated[int, Whole(5, 900)] = 60
    # A download that brings less than 64 KiB in this time has broken off.
    download_floor_seconds: Annotated[int, Whole(5, 600)] = 30
    # The dimensions of the metrics; without a stack's name none is written.
    stack_name: Annotated[str, Text()] = ""
    service_name: Annotated[str, Text()] = ""
    # The health check's URL, as Benchling's calls come in; it is probed.
    front_door_url: Annotated[str, Text()] = ""
    # Whether a Quilt stack reads the packaging queue.
    quilt_connected: Annotated[bool, Flag()] = True
    # Whether what is done for an event is traced, and sent to AWS X-Ray.
    tracing: Annotated[bool, Flag()] = False
    # Where ECS has its agent; empty elsewhere.
    ecs_agent_uri: Annotated[str, Text()] = ""
    # How many entries one worker task works on at once.
    worker_concurrency: Annotated[int, Whole(1, 32)] = 4
    # The life of a claim and of a message's invisibility, between heartbeats.
    lease_seconds: Annotated[int, Whole(3, 3600)] = 60
    # Before the second attempt; each further one waits three times as long.
    retry_seconds: Annotated[int, Whole(1, 400)] = 15
    problems: tuple[str, ...] = ()

    @property
    def other_buckets(self) -> tuple[str, ...]:
        """Return the linked buckets without the package bucket."""
        return tuple(it for it in self.linked_buckets if it != self.package_bucket)

    def masked(self) -> dict[str, object]:
        """Return the settings for a reader, secrets masked."""
        values = {**vars(self.secret), **vars(self)}
        del values["secret"], values["problems"]
        for name, value in values.items():
            if name in ("client_id", "client_secret"):
                values[name] = MASK if value else ""
            elif name.endswith("_url"):
                values[name] = masked_url(str(value))
        return values


def read_settings(environment: Mapping[str, str], required: tuple[str, ...] = REQUIRED) -> Settings:
    """Return the settings of an environment; ``required`` names what it must have.

    What people put into the secret, and what a deployment can't have yet, is a
    problem that keeps the service from being ready. Invalid values of the stack's
    raise SettingsError, listing all.
    """
    taken, refused = take_over(environment, VARIABLES, environment)
    environment = {"PACKAGE_PREFIX": Settings.package_prefix}
    environment.update((name, str(value)) for name, value in taken.items())
    secret = read_secret(environment.get("BENCHLING_SECRET", ""), environment)
    missing = [
        f"{name} is not set: the stack sets it in the task definition"
        for name in _required(required, environment)
        if not environment.get(name)
    ]
    wrong = _faults(environment)
    if secret.log_level:
        environment["LOG_LEVEL"] = secret.log_level
    if secret.workflow:
        environment["QUILT_WORKFLOW"] = secret.workflow
    values, unread = _values(environment)
    wrong.extend(unread)
    if wrong:
        raise SettingsError("\n".join(wrong))
    settings = Settings(**values, secret=secret, problems=(*refused, *secret.problems, *missing))
    if settings.shutdown_delay_seconds >= settings.stop_timeout_seconds:
        raise SettingsError(
            f"SHUTDOWN_DELAY_SECONDS '{settings.shutdown_delay_seconds}': not below"
            f" STOP_TIMEOUT_SECONDS, which is {settings.stop_timeout_seconds}: use a shorter delay"
        )
    return settings


def _required(names: tuple[str, ...], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return what an environment must have: without exports, nothing that only they need."""
    if environment.get("EXPORT_ENTRIES") != "false" or not set(EXPORT_REQUIRED) <= set(names):
        return names
    return (*(it for it in names if it not in EXPORT_REQUIRED), *LINKED_REQUIRED)


def _values(environment: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return the values by field, and what is wrong with the others."""
    values: dict[str, Any] = {}
    wrong = []
    for name, hint in get_type_hints(Settings, include_extras=True).items():
        if get_origin(hint) is not Annotated:
            continue
        how = get_args(hint)[1]
        variable = how.variable or name.upper()
        text = environment.get(variable)
        if text is None and hasattr(Settings, name):
            continue
        try:
            values[name] = how.read(text or "")
        except ValueError as error:
            wrong.append(f"{variable} {error}")
    return values, wrong


def _faults(environment: Mapping[str, str]) -> list[str]:
    """Return what is invalid of the names and URLs that are set."""
    faults = []
    for name, (pattern, fault) in PATTERNS.items():
        text = environment.get(name, "")
        if text and not re.fullmatch(pattern, text):
            faults.append(f"{name} {shown(text)}: {fault}")
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
            f"QUILT_CATALOG {shown(catalog)}: no host: use one such as open.quiltdata.com"
        )
    return faults
