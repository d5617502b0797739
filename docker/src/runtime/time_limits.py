"""How long work may take: limits that hold in the middle of a read, and can be nested."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .errors import TransientError

PAUSE_SLICE_SECONDS = 0.25


class TimeLimitError(TransientError):
    """A server was slower than it is on most days; the text says what took too long."""


# When the work of this thread must have ended, on the monotonic clock, and what
# to say then.
_limit: ContextVar[tuple[float, str]] = ContextVar("limit", default=(float("inf"), ""))


@contextmanager
def time_limit(seconds: float, what: str) -> Iterator[None]:
    """Have ``check_time`` raise when so much time is over; an outer limit still counts."""
    ends = time.monotonic() + seconds
    text = f"{what} took longer than {seconds:g} s"
    token = _limit.set(min((ends, text), _limit.get()))
    try:
        yield
    finally:
        _limit.reset(token)


def check_time() -> None:
    """Raise TimeLimitError if the time of the work in this thread is over."""
    ends, text = _limit.get()
    if time.monotonic() > ends:
        raise TimeLimitError(text)


def pause(seconds: float, check: Callable[[], None]) -> None:
    """Wait, and call ``check`` several times a second, which raises when the work must end."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        check()
        time.sleep(min(left, PAUSE_SLICE_SECONDS))
