"""The secret as it changes: read again and again, and used once it is known to work."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol, cast

import structlog
from botocore.config import Config
from botocore.exceptions import ClientError

from .aws_clients import aws_client
from .background import run_in_background
from .logs import configure_logs
from .metrics import Metrics
from .secret import NAME
from .settings import Settings, read_settings

# Two attempts, and what a new value takes of Benchling, fit between the longest pause
# and the two minutes within which a change is noticed.
CLIENT_CONFIG = Config(
    connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"}
)
# Of the pause, so that the tasks don't read all at once.
LEAST_PART = 0.6
# A store that can't be read for so long is somebody's concern.
UNREAD_SECONDS = 900.0

log = structlog.get_logger()


class SecretService(Protocol):
    """What works with the secret."""

    def start(self, settings: Settings) -> None:
        """Begin to work, with the first settings that have no problems."""

    def change(self, former: Settings, settings: Settings) -> str:
        """Go on with a new secret; return why not where Benchling doesn't take it.

        Nothing has changed then. What is under way ends with the former secret.
        """


@dataclass(frozen=True)
class SecretVersion:
    """A value of the secret's; None is one that is no text."""

    version: str
    text: str | None = field(repr=False)


@dataclass(frozen=True)
class SecretSource:
    """Where the secret comes from."""

    # Its text when the task started.
    text: str = field(repr=False)
    # Reads it of Secrets Manager.
    fetch: Callable[[], SecretVersion]
    # Returns the settings with another text of the secret.
    read: Callable[[str], Settings]


class SecretWatch:
    """Keeps the settings in force, and puts a changed secret into them once it works.

    A value that doesn't work leaves the last good one in force.
    """

    def __init__(
        self,
        settings: Settings,
        source: SecretSource,
        service: SecretService,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the settings of the start, which the service has begun with if they are whole."""
        self._settings = settings
        self._source = source
        self._service = service
        self._clock = clock
        self._metrics = Metrics(settings.stack_name)
        # The text in force.
        self._text = source.text
        self._last_read = clock()
        # The version that isn't used, and why; why the store can't be read.
        self._refused = "", ""
        self._unread = ""

    def watch(self) -> None:
        """Begin to read, in a thread of its own that ends with the process.

        Without an ARN nothing is read.
        """
        if self._settings.secret_arn:
            run_in_background("secret", self._watch)

    def settings(self) -> Settings:
        """Return the settings in force."""
        return self._settings

    def warnings(self) -> list[str]:
        """Return what is wrong with the secret while the last good one is used."""
        found = []
        _, fault = self._refused
        if fault:
            found.append(
                f"{NAME}: the new value in Secrets Manager is not used: {fault};"
                " the former one still is"
            )
        unread = self._clock() - self._last_read
        if self._unread and unread >= UNREAD_SECONDS:
            found.append(
                f"{NAME}: Secrets Manager could not be read for {unread / 60:.0f} minutes"
                f" ({self._unread}): look at the task role's secretsmanager:GetSecretValue and"
                " at the task's way to Secrets Manager; the value known last is used"
            )
        return found

    def check(self) -> None:
        """Read the secret once, and use it if it is another one and works.

        Nothing is raised: whatever a secret holds, the task goes on.
        """
        try:
            found = self._source.fetch()
        except Exception as error:  # noqa: BLE001 - a store that is away must end nothing
            reason = _reason_of(error)
            if reason != self._unread:
                log.warning("secret.read_failed", reason=reason)
            self._unread = reason
        else:
            self._last_read, self._unread = self._clock(), ""
            self._take(found)
        self._metrics.put("SecretNotUsed", bool(self.warnings()), "Count")

    def _take(self, found: SecretVersion) -> None:
        if found.text == self._text:
            self._refused = "", ""
            return
        crash: Exception | None = None
        try:
            fault = self._fault_of(found)
        except Exception as error:  # noqa: BLE001 - the last good secret stays in force
            fault, crash = f"it can't be checked ({type(error).__name__}): look at the log", error
        if not fault:
            self._refused = "", ""
            if not self._settings.problems:
                log.info("secret.changed", version=found.version)
            return
        refused = found.version, fault
        if refused != self._refused:
            log.error("secret.refused", reason=fault, version=found.version, exc_info=crash)
        self._refused = refused

    def _fault_of(self, found: SecretVersion) -> str:
        """Use a value; return why it can't be used, with the remedy."""
        if found.text is None:
            return "it is binary: put the JSON object into the secret as text"
        settings = self._source.read(found.text)
        if self._settings.problems:
            # Nothing works yet: that is as at a start.
            for problem in settings.problems:
                log.info("service.not_ready", reason=problem)
            if not settings.problems:
                self._service.start(settings)
        elif settings.problems:
            return "; ".join(_of_new_value(it) for it in settings.problems)
        elif fault := self._service.change(self._settings, settings):
            return fault
        if settings.log_level != self._settings.log_level:
            configure_logs(settings.log_level)
        self._settings, self._text = settings, found.text
        return ""

    def _watch(self) -> None:
        longest = self._settings.secret_read_seconds
        while True:
            time.sleep(random.uniform(LEAST_PART, 1) * longest)  # noqa: S311 - no secret
            self.check()


class _Client(Protocol):
    """What is called of Secrets Manager."""

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803
        """Return the value's version and text."""


def source_of(
    settings: Settings, environment: Mapping[str, str], required: tuple[str, ...]
) -> SecretSource:
    """Return where the secret of an environment comes from; no call is made yet.

    It is read by the task's own role, and what reads it raises botocore's errors.
    Source: the API reference of AWS Secrets Manager, GetSecretValue: without a
    version it returns the one labelled AWSCURRENT.
    """
    there = dict(environment)

    @cache
    def client() -> _Client:
        return cast("_Client", aws_client("secretsmanager", settings.region, CLIENT_CONFIG))

    def fetch() -> SecretVersion:
        value = client().get_secret_value(SecretId=settings.secret_arn)
        return SecretVersion(value.get("VersionId", ""), value.get("SecretString"))

    return SecretSource(
        there.get(NAME, ""), fetch, lambda text: read_settings({**there, NAME: text}, required)
    )


def _of_new_value(problem: str) -> str:
    """Return a problem of a secret as one of the value that isn't used."""
    if problem.startswith(f"{NAME} "):
        return f"it{problem.removeprefix(NAME)}"
    return problem.removeprefix(f"{NAME}: ")


def _reason_of(error: Exception) -> str:
    """Return AWS's code, or the kind of what failed: the text may quote anything."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code", "") or type(error).__name__
    return type(error).__name__
