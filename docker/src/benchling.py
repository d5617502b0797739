"""What the worker asks of Benchling: an entry, its export, and its canvas."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
from benchling_sdk.auth.client_credentials_oauth2 import ClientCredentialsOAuth2
from benchling_sdk.benchling import Benchling
from benchling_sdk.errors import BenchlingError
from benchling_sdk.helpers.retry_helpers import RetryStrategy
from benchling_sdk.models import (
    AppCanvasCreate,
    AppCanvasUpdate,
    AsyncTask,
    AsyncTaskStatus,
    ExportItemRequest,
)

# Benchling advises to ask every ten seconds; most exports take a few.
FIRST_POLL_SECONDS = 0.5
LAST_POLL_SECONDS = 10.0
EXPORT_SECONDS = 900.0
UNAUTHORIZED = 401

Answer = TypeVar("Answer")


class NotebookError(Exception):
    """Benchling refused, or its answer can't be used; the text says which call."""


class Notebook:
    """Benchling's notebook, as the app of the client ID may read it."""

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        http: httpx.Client,
    ) -> None:
        """Take an HTTP client of its own: the SDK puts the token into its headers."""
        self._base_url = base_url
        self._credentials = (client_id, client_secret)
        self._http = http
        self._benchling = self._connect()

    def entry(self, entry_id: str) -> dict[str, Any]:
        """Return the entry as the API answers it."""
        entry = self._call("the entry", lambda it: it.entries.get_entry_by_id(entry_id))
        return dict(entry.to_dict())

    def export(self, entry_id: str, check: Callable[[], None]) -> str:
        """Export an entry; return the address of the ZIP, which is valid for minutes.

        ``check`` raises when the work must end.
        """
        started = self._call(
            "the export", lambda it: it.exports.export(ExportItemRequest(id=entry_id))
        )
        task_id = started.task_id
        deadline = time.monotonic() + EXPORT_SECONDS
        pause = FIRST_POLL_SECONDS
        while True:
            task: AsyncTask = self._call("the task", lambda it: it.tasks.get_by_id(task_id))
            if task.status == AsyncTaskStatus.SUCCEEDED:
                return self._address(task)
            if task.status != AsyncTaskStatus.RUNNING:
                raise NotebookError(f"the export ended as {task.status}{_said(task)}")
            if time.monotonic() + pause > deadline:
                raise NotebookError(f"the export still runs after {EXPORT_SECONDS:.0f} s")
            _pause(pause, check)
            pause = min(pause * 1.5, LAST_POLL_SECONDS)

    def entry_of_canvas(self, canvas_id: str) -> str:
        """Return the ID of the entry that a canvas is in."""
        canvas = self._call("the canvas", lambda it: it.apps.get_canvas_by_id(canvas_id))
        entry_id = canvas.to_dict().get("resourceId")
        if not isinstance(entry_id, str) or not entry_id:
            raise NotebookError("the canvas is in no entry")
        return entry_id

    def draw(self, canvas_id: str, blocks: list[dict[str, Any]]) -> None:
        """Replace what a canvas shows."""
        canvas = AppCanvasUpdate.from_dict({"blocks": blocks, "enabled": True})
        self._call("the canvas", lambda it: it.apps.update_canvas(canvas_id, canvas))

    def add_canvas(self, feature_id: str, entry_id: str, blocks: list[dict[str, Any]]) -> None:
        """Put a canvas into an entry that has only asked for one."""
        canvas = AppCanvasCreate.from_dict(
            {"blocks": blocks, "enabled": True, "featureId": feature_id, "resourceId": entry_id}
        )
        self._call("the canvas", lambda it: it.apps.create_canvas(canvas))

    def _connect(self) -> Benchling:
        return Benchling(
            self._base_url,
            ClientCredentialsOAuth2(*self._credentials, httpx_client=self._http),
            retry_strategy=RetryStrategy.no_retries(),
            httpx_client=self._http,
        )

    def _call(self, what: str, ask: Callable[[Benchling], Answer]) -> Answer:
        try:
            try:
                return ask(self._benchling)
            except BenchlingError as error:
                if error.status_code != UNAUTHORIZED:
                    raise
                # A token that was revoked before its time.
                self._benchling = self._connect()
                return ask(self._benchling)
        except BenchlingError as error:
            raise NotebookError(f"{what}: Benchling answered {error.status_code}") from error

    def _address(self, task: AsyncTask) -> str:
        answer = task.to_dict().get("response") or {}
        address = answer.get("downloadURL") or answer.get("download_url")
        if not isinstance(address, str) or not address:
            raise NotebookError("the export has no download address")
        if urlsplit(address).scheme != urlsplit(self._base_url).scheme:
            raise NotebookError("the download address has another scheme than Benchling's own")
        return address


def _pause(seconds: float, check: Callable[[], None]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        check()
        time.sleep(min(left, 0.25))


def _said(task: AsyncTask) -> str:
    message = task.to_dict().get("message")
    return f": {message[:200]}" if isinstance(message, str) else ""
