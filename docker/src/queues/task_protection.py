"""A task that exports protects itself from scale-in and from deployments.

Source: the guide of Amazon ECS, task scale-in protection endpoint.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx
import structlog

from ..runtime.background import run_every

# A task that hangs is protected no longer than this.
EXPIRES_MINUTES = 15
RENEW_SECONDS = EXPIRES_MINUTES * 60 / 3
# The next export often follows at once.
LINGER_SECONDS = 10.0
# Before an agent that refused is asked again.
RETRY_SECONDS = 60.0
# Why ECS refuses to protect a task while protected tasks keep a deployment from its end.
# Source: the API reference of ECS, API failure reasons.
BLOCKED = "DEPLOYMENT_BLOCKED"
# A protected task that hears so ends its work, and takes none for this time, in which
# ECS can stop it.
BREAK_SECONDS = 60.0
TIMEOUT_SECONDS = 2.0
LOOK_SECONDS = 1.0

log = structlog.get_logger()


class TaskProtection:
    """Entered for each piece of work; protected while any is under way.

    Where there is no agent, which is everywhere but on ECS, nothing is protected.
    """

    def __init__(self, agent_uri: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the agent's URL, ECS_AGENT_URI of the container, or nothing."""
        self._url = f"{agent_uri}/task-protection/v1/state" if agent_uri else ""
        self._clock = clock
        self._lock = threading.Lock()
        self._active = 0
        self._idle_since = clock()
        self._is_protected = False
        # When the agent was last asked, and until when no work is taken.
        self._asked = self._break_until = float("-inf")
        self._blocks = False

    def watch(self) -> None:
        """Begin to renew and to end it, in a thread of its own that ends with the process."""
        if self._url:
            run_every("task protection", LOOK_SECONDS, self.look)

    def admits(self) -> bool:
        """Return whether more work may be taken: not by a task that blocks a deployment."""
        with self._lock:
            return not self._blocks and self._clock() >= self._break_until

    def __enter__(self) -> Self:
        """Begin a piece of work, protected if ECS takes it."""
        with self._lock:
            self._active += 1
            self._protect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End a piece of work."""
        with self._lock:
            self._active -= 1
            self._idle_since = self._clock()

    def look(self) -> None:
        """Renew the protection of a task that works, and end that of an idle one."""
        with self._lock:
            if self._active:
                self._protect()
            elif self._is_protected:
                self._release()

    def _protect(self) -> None:
        now = self._clock()
        wait = RENEW_SECONDS if self._is_protected else RETRY_SECONDS
        if not self._url or now - self._asked < wait:
            return
        refused = self._ask(enabled=True)
        self._is_protected = self._is_protected or not refused
        # A task that isn't protected blocks nothing: another one does.
        self._blocks = self._is_protected and refused == BLOCKED

    def _release(self) -> None:
        now = self._clock()
        due = self._blocks or now - self._idle_since > LINGER_SECONDS
        if not due or now - self._asked < LINGER_SECONDS or self._ask(enabled=False):
            return
        self._is_protected = False
        self._asked = float("-inf")
        if self._blocks:
            self._blocks = False
            self._break_until = now + BREAK_SECONDS

    def _ask(self, *, enabled: bool) -> str:
        """Ask the agent, and return why it refused, or nothing."""
        self._asked = self._clock()
        body: dict[str, object] = {"ProtectionEnabled": enabled}
        if enabled:
            body["ExpiresInMinutes"] = EXPIRES_MINUTES
        try:
            response = httpx.put(self._url, json=body, timeout=TIMEOUT_SECONDS)
            refused = _refusal(response)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            refused = type(error).__name__
        if refused:
            # Work goes on: a task that is stopped gives back what it can't finish.
            log.warning("task_protection.change_failed", enabled=enabled, reason=refused)
        else:
            log.info("task_protection.changed", enabled=enabled)
        return refused


def _refusal(response: httpx.Response) -> str:
    try:
        content = response.json()
        if "protection" in content:
            return ""
        return str(content["failure"]["Reason"])
    except (ValueError, TypeError, KeyError):
        return f"status {response.status_code}"
