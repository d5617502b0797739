"""The settings, read once from the environment that the stack sets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

SECRET_KEYS = ("tenant", "client_id", "client_secret", "app_definition_id")
OVERRIDES = ("base_url", "jwks_url", "log_level", "package_prefix")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
MASK = "***"
DEFAULTS = {
    "STOP_TIMEOUT_SECONDS": "30",
    "WORKER_CONCURRENCY": "4",
    "LEASE_SECONDS": "60",
    "RETRY_SECONDS": "15",
}
REQUIRED = ("AWS_REGION", "CLAIMS_TABLE", "INTAKE_QUEUE_URL", "PACKAGE_BUCKET")
WORKER_REQUIRED = (*REQUIRED, "DEAD_LETTER_QUEUE_URL", "PACKAGING_QUEUE_URL")


class SettingsError(ValueError):
    """What is wrong with the environment, one problem a line."""


@dataclass(frozen=True)
class Settings:
    """The resolved settings; ``problems`` says why the service isn't ready."""

    port: int
    region: str = ""
    intake_queue_url: str = ""
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
    secret, problems = _secret(environment.get("BENCHLING_SECRET", ""))
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
        package_bucket=environment.get("PACKAGE_BUCKET", ""),
        package_prefix=secret.get("package_prefix")
        or environment.get("PACKAGE_PREFIX", "benchling"),
        quilt_catalog=environment.get("QUILT_CATALOG", ""),
        log_level=_level(secret, environment, problems, wrong),
        stop_timeout_seconds=_integer(environment, "STOP_TIMEOUT_SECONDS", range(2, 121), wrong),
        claims_table=environment.get("CLAIMS_TABLE", ""),
        dead_letter_queue_url=environment.get("DEAD_LETTER_QUEUE_URL", ""),
        packaging_queue_url=environment.get("PACKAGING_QUEUE_URL", ""),
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


def _secret(text: str) -> tuple[dict[str, str], list[str]]:
    """Return the secret's known keys and what is wrong with it, never a value."""
    try:
        parsed = json.loads(text or "{}")
    except ValueError:
        return {}, ["BENCHLING_SECRET is not JSON: put a JSON object into the secret"]
    if not isinstance(parsed, dict):
        return {}, ["BENCHLING_SECRET is not a JSON object: put one into the secret"]
    known = (*SECRET_KEYS, *OVERRIDES)
    secret = {name: parsed[name] for name in known if isinstance(parsed.get(name), str)}
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
    return secret, problems


def _base_url(secret: Mapping[str, str]) -> str:
    tenant = secret.get("tenant")
    return f"https://{tenant}.benchling.com" if tenant else ""


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
