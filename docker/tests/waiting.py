"""Waiting for what another thread does."""

import time


def until(reached):
    """Return when it is so; fail after five seconds."""
    deadline = time.monotonic() + 5
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.005)
