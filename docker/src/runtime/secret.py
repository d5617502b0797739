"""The secret that people fill in: what is in it, and what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .predecessor import LEVELS, SECRET_FIELDS, take_over
from .urls import url_fault

NAME = "BENCHLING_SECRET"
SECRET_KEYS = ("tenant", "client_id", "client_secret", "app_definition_id")
OVERRIDES = ("base_url", "jwks_url", "log_level", "workflow")
# What a reader may see.
SHOWN = ("tenant", "app_definition_id", "base_url", "jwks_url", "workflow")
# No secret is shorter; a part of a word may be.
PRIVATE_LETTERS = 8
KNOWN = (*SECRET_KEYS, *OVERRIDES)
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
# A tenant's host is TENANT.benchling.com.
BENCHLING_HOST = ".benchling.com"
TENANT = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# A host may have several parts before that.
TENANT_OF_HOST = re.compile(rf"{TENANT.pattern}(\.{TENANT.pattern}){{0,2}}")
CREDENTIAL = re.compile("[!-~]{1,1024}")
# It becomes part of a URL's path.
APP_DEFINITION = re.compile(r"[A-Za-z0-9_-]{1,128}")
# Source: quilt3's workflows/config-1.schema.json.
WORKFLOW = re.compile(r"[A-Za-z_-][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Secret:
    """What the secret says; an invalid value is empty, and a problem."""

    tenant: str = ""
    client_id: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    app_definition_id: str = ""
    # The tenant's own, if the secret has none.
    base_url: str = ""
    jwks_url: str = ""
    log_level: str = ""
    # Quilt's, where the stack sets none.
    workflow: str = ""
    # Place, fault and remedy of each, never a value.
    problems: tuple[str, ...] = ()


def read_secret(text: str, environment: Mapping[str, str]) -> Secret:
    """Return what any text says as the secret; nothing in it raises an error.

    ``environment`` is the stack's, which decides what the tasks' roles allow. The
    predecessor's fields are taken, or problems.
    """
    parsed, fault = _parse(text)
    if parsed is None:
        return Secret(problems=(f"{NAME} {fault}",))
    problems = [f"{NAME} {fault}"] if fault else []
    parsed, refused = take_over(parsed, SECRET_FIELDS, environment)
    problems.extend(f"{NAME}: {it}" for it in refused)
    given = {}
    for name in KNOWN:
        value = parsed.get(name)
        if name in parsed and not isinstance(value, str):
            problems.append(f"{NAME}: {name} is not text: quote its value")
        elif isinstance(value, str) and value.strip():
            given[name] = value.strip()
        elif name in SECRET_KEYS:
            problems.append(f"{NAME} has no {name}: add it to the secret")
    values, faults = _values(given)
    problems.extend(f"{NAME}: {it}" for it in faults)
    if "tenant" in values:
        values.setdefault("base_url", f"https://{values['tenant']}{BENCHLING_HOST}")
    return Secret(**values, problems=tuple(problems))


def _parse(text: str) -> tuple[dict[str, object] | None, str]:
    """Return the secret's object and what is wrong with it as a whole; None if it is none."""
    objects: list[list[tuple[str, object]]] = []

    def keep(pairs: list[tuple[str, object]]) -> dict[str, object]:
        # The outermost object is the last that is whole.
        objects[:] = [pairs]
        return dict(pairs)

    if text.startswith("\ufeff"):
        return None, "begins with a byte order mark: save the secret without one"
    try:
        parsed = json.loads(text.strip() or "{}", object_pairs_hook=keep)
    except json.JSONDecodeError as error:
        # Its message is one of a few, and quotes at most one character after a colon.
        where = f"line {error.lineno}, column {error.colno}: {error.msg.partition(':')[0]}"
        return None, (
            f"is not JSON ({where}): put a JSON object into the secret,"
            " names and values in double quotes, no comma after the last"
        )
    except (ValueError, RecursionError):
        return None, (
            "is not JSON that can be read: put a JSON object into the secret, a text for each name"
        )
    if not isinstance(parsed, dict):
        return None, "is not a JSON object: put one into the secret"
    names = [name for name, _ in objects[0]] if objects else []
    twice = [name for name in KNOWN if names.count(name) > 1]
    if twice:
        return parsed, f"has {', '.join(twice)} more than once: leave one of each"
    return parsed, ""


def _values(given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the values that can be meant, and the faults of the others."""
    values, faults = {}, []
    for name, text in given.items():
        value, fault = _value(name, text)
        if fault:
            faults.append(f"{name} {fault}")
        else:
            values[name] = value
    private = given.get("client_secret", "").lower()
    for name in SHOWN:
        if len(private) >= PRIVATE_LETTERS and private in values.get(name, "").lower():
            faults.append(f"{name} holds client_secret: copy each into its own name")
            del values[name]
    return values, faults


def _value(name: str, text: str) -> tuple[str, str]:
    """Return a value as it is used, or its fault and remedy."""
    fault = ""
    match name:
        case "tenant":
            text = _tenant(text)
            fault = (
                ""
                if text
                else (
                    "is no tenant: write what stands before"
                    f" {BENCHLING_HOST} in Benchling's address, such as acme"
                )
            )
        case "log_level":
            text = LEVELS.get(text.upper(), text.upper())
            if text not in LOG_LEVELS:
                fault = f"is no level: use one of {', '.join(LOG_LEVELS)}"
        case "app_definition_id":
            if not APP_DEFINITION.fullmatch(text):
                fault = "is no ID: copy it from the app's page in Benchling, such as appdef_1"
        case "workflow":
            if not WORKFLOW.fullmatch(text):
                fault = "is no workflow's key: use one of the registry's, such as alpha"
        case "base_url" | "jwks_url":
            text, fault = _url(name, text)
        case _:
            if not CREDENTIAL.fullmatch(text):
                fault = (
                    "has a space or a character that none has: copy it from the app's page again"
                )
    return text, fault


def _url(name: str, text: str) -> tuple[str, str]:
    fault = url_fault(text)
    if not fault and name == "base_url":
        scheme, _, rest = text.partition("://")
        host, _, more = rest.partition("/")
        if more or "?" in host:
            fault = "it has a path or a query: end it after the host"
        text = f"{scheme}://{host}"
    return text, f"is no address to use: {fault}" if fault else ""


def _tenant(text: str) -> str:
    """Return the tenant of what people write: a name, a host or a URL; "" if of none."""
    name = text.lower()
    host = re.match(r"(?:https?://)?([^/?#:]+?)\.?(?::443)?(?:[/?#].*)?$", name)
    if host and host[1].endswith(BENCHLING_HOST):
        name = host[1].removesuffix(BENCHLING_HOST)
        return name if TENANT_OF_HOST.fullmatch(name) else ""
    return name if TENANT.fullmatch(name) else ""
