"""The settings, read once from the environment that the stack sets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

SECRET_KEYS = ("tenant", "client_id", "client_secret", "app_definition_id")
OVERRIDES = ("base_url", "jwks_url", "log_level")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
MASK = "***"
DEFAULTS = {
    "STOP_TIMEOUT_SECONDS": "30",
    "WORKER_CONCURRENCY": "4",
    "LEASE_SECONDS": "60",
    "RETRY_SECONDS": "15",
    "EXPORT_INTERVAL_SECONDS": "10",
    "EXPORT_TIMEOUT_SECONDS": "1800",
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
# A tenant's host is TENANT.benchling.com.
BENCHLING_HOST = ".benchling.com"
TENANT = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


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
    tenant: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    app_definition_id: str = ""
    base_url: str = ""
    jwks_url: str = ""
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
    # The dimension of the metrics; without a name none is written.
    stack_name: str = ""
    # How many entries one worker task works on at once.
    worker_concurrency: int = 4
    # The life of a claim and of a message's invisibility, between heartbeats.
    lease_seconds: int = 60
    # Before the second try; each further one waits three times as long.
    retry_seconds: int = 15
    problems: tuple[str, ...] = ()

    def masked(self) -> dict[str, object]:
        """Return the settings for a reader, secrets masked."""
        shown = {name: value for name, value in vars(self).items() if name != "problems"}
        for name in ("client_id", "client_secret"):
            shown[name] = MASK if shown[name] else ""
        return shown


def read_settings(environment: Mapping[str, str], required: tuple[str, ...] = REQUIRED) -> Settings:
    """Return the settings of an environment; ``required`` names what it must have.

    What a deployment can't have yet (the secret's keys, the queue) is a problem
    that keeps the service from being ready. A value that can't be meant raises
    SettingsError, with all of them at once.
    """
    wrong: list[str] = []
    secret, problems = _secret(environment.get("BENCHLING_SECRET", ""), environment)
    problems.extend(
        f"{name} is not set: the stack sets it in the task definition"
        for name in required
        if not environment.get(name)
    )
    environment = {**DEFAULTS, **environment}
    settings = Settings(
        port=_integer(environment, "PORT", range(1, 65536), wrong),
        region=environment.get("AWS_REGION", ""),
        intake_queue_url=environment.get("INTAKE_QUEUE_URL", ""),
        canvas_queue_url=environment.get("CANVAS_QUEUE_URL", ""),
        package_bucket=environment.get("PACKAGE_BUCKET", ""),
        package_prefix=environment.get("PACKAGE_PREFIX", "benchling"),
        quilt_catalog=environment.get("QUILT_CATALOG", ""),
        log_level=_level(secret, environment, problems, wrong),
        stop_timeout_seconds=_integer(environment, "STOP_TIMEOUT_SECONDS", range(2, 121), wrong),
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
        stack_name=environment.get("STACK_NAME", ""),
        worker_concurrency=_integer(environment, "WORKER_CONCURRENCY", range(1, 33), wrong),
        lease_seconds=_integer(environment, "LEASE_SECONDS", range(3, 3601), wrong),
        retry_seconds=_integer(environment, "RETRY_SECONDS", range(1, 401), wrong),
        **{name: secret.get(name, "") for name in SECRET_KEYS},
        base_url=secret.get("base_url") or _base_url(secret),
        jwks_url=secret.get("jwks_url", ""),
        problems=tuple(problems),
    )
    if wrong:
        raise SettingsError("\n".join(wrong))
    return settings


def _secret(text: str, environment: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the secret's known keys and what is wrong with it, never a value."""
    try:
        parsed = json.loads(text or "{}")
    except ValueError:
        return {}, ["BENCHLING_SECRET is not JSON: put a JSON object into the secret"]
    if not isinstance(parsed, dict):
        return {}, ["BENCHLING_SECRET is not a JSON object: put one into the secret"]
    known = (*SECRET_KEYS, *OVERRIDES)
    secret = {name: parsed[name].strip() for name in known if isinstance(parsed.get(name), str)}
    problems = [
        f"BENCHLING_SECRET has no {name}: add it to the secret and replace the tasks"
        for name in SECRET_KEYS
        if not secret.get(name)
    ]
    problems.extend(
        f"BENCHLING_SECRET: {name} is not text: quote its value"
        for name in known
        if name in parsed and name not in secret
    )
    if secret.get("tenant"):
        secret["tenant"] = _tenant(secret["tenant"])
        if not secret["tenant"]:
            problems.append(
                "BENCHLING_SECRET: tenant is no tenant: write what stands before"
                f" {BENCHLING_HOST} in Benchling's address, such as acme"
            )
    # The roles of the tasks allow the stack's prefix alone.
    prefix = parsed.get("package_prefix")
    if prefix is not None and prefix != environment.get("PACKAGE_PREFIX", "benchling"):
        problems.append(
            "BENCHLING_SECRET: package_prefix isn't taken from the secret: set packagePrefix in"
            " cdk.json, deploy, and remove it from the secret"
        )
    return secret, problems


def _tenant(text: str) -> str:
    """Return the tenant of what people write: a name, a host or an address; "" if of none."""
    name = text.strip().lower()
    host = re.match(r"(?:https?://)?([^/?#:]+?)\.?(?::443)?(?:[/?#].*)?$", name)
    if host and host[1].endswith(BENCHLING_HOST):
        name = host[1].removesuffix(BENCHLING_HOST)
    return name if TENANT.fullmatch(name) else ""


def _base_url(secret: Mapping[str, str]) -> str:
    tenant = secret.get("tenant")
    return f"https://{tenant}{BENCHLING_HOST}" if tenant else ""


def _level(
    secret: Mapping[str, str],
    environment: Mapping[str, str],
    problems: list[str],
    wrong: list[str],
) -> str:
    level = secret.get("log_level", "").upper()
    if level in LOG_LEVELS:
        return level
    if level:
        problems.append(
            f"BENCHLING_SECRET: log_level is no level: use one of {', '.join(LOG_LEVELS)}"
        )
    level = (environment.get("LOG_LEVEL") or "INFO").upper()
    if level not in LOG_LEVELS:
        wrong.append(f"LOG_LEVEL {level!r}: no such level: use one of {', '.join(LOG_LEVELS)}")
    return level


def _integer(environment: Mapping[str, str], name: str, allowed: range, wrong: list[str]) -> int:
    text = environment.get(name, "")
    if re.fullmatch("[0-9]{1,9}", text) and int(text) in allowed:
        return int(text)
    wrong.append(f"{name} {text!r}: not a whole number from {allowed[0]} to {allowed[-1]}: set one")
    return 0
