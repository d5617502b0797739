"""A log line: JSON of whatever it is given, bounded, without what a log mustn't hold."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

# A line of CloudWatch's may have 256 KB; nobody reads that much.
LINE_BYTES = 8192
# An integer that every reader of JSON takes as it is.
INTEGER_BITS = 64
# Addresses are quoted by many libraries' errors. Their queries may be signatures,
# and what stands before an @ a password.
SECRETS = (
    (re.compile(r"(?<=\S)\?\S+"), "?…"),
    (re.compile(r"://[^/\s@]*@"), "://…@"),
    (re.compile(r"\b(bearer|basic)\s+\S+", re.IGNORECASE), r"\1 …"),
)
# Each of them has one of these: most texts have none, and are searched only once.
MAY_HAVE_SECRET = re.compile(r"[?@\s]")


@dataclass(frozen=True)
class Bounds:
    """How much of a line's values is written."""

    characters: int
    items: int
    depth: int


# Each is tried if the one before makes too long a line. An exception's frames are
# four levels below the line.
BOUNDS = (Bounds(500, 40, 9), Bounds(200, 20, 7), Bounds(80, 10, 6), Bounds(80, 10, 1))
LEAST = Bounds(80, 3, 0)
FIRST_NAMES = ("event", "level", "timestamp")


def log_line(event: Mapping[str, object]) -> str:
    """Return a line of ASCII with at most 8 KiB; never raises, whatever the event holds."""
    for bounds in BOUNDS:
        line = json.dumps(_plain(event, bounds, bounds.depth))
        if len(line) <= LINE_BYTES:
            return line
    least = {name: _plain(event.get(name), LEAST, 0) for name in FIRST_NAMES}
    return json.dumps({**least, "cut": True})


def _plain(value: object, bounds: Bounds, depth: int) -> object:
    """Return what JSON can say of a value."""
    try:
        return _known(value, bounds, depth)
    except Exception:  # noqa: BLE001 - an odd object must not end the line that it is in
        return _text(f"<{type(value).__name__}>", bounds)


def _known(value: object, bounds: Bounds, depth: int) -> object:
    plain = value
    match value:
        case None | bool():
            pass
        case str():
            plain = _text(value, bounds)
        case int():
            bits = value.bit_length()
            plain = int(value) if bits <= INTEGER_BITS else f"<int of {bits} bits>"
        case float():
            plain = float(value) if math.isfinite(value) else repr(float(value))
        case bytes() | bytearray() | memoryview():
            plain = f"<{len(value)} bytes>"
        case Mapping() | list() | tuple() | set() | frozenset():
            plain = _collection(value, bounds, depth)
        case BaseException():
            plain = _text(f"{type(value).__name__}: {value}", bounds)
        case _:
            plain = _text(repr(value), bounds)
    return plain


def _collection(value: Collection[object], bounds: Bounds, depth: int) -> object:
    if depth <= 0:
        return f"… ({len(value)} items)"
    more = len(value) - bounds.items
    if isinstance(value, Mapping):
        plain = {
            _text(str(name), bounds): _plain(item, bounds, depth - 1)
            for name, item in islice(value.items(), bounds.items)
        }
        return {**plain, "…": f"{more} more"} if more > 0 else plain
    if more <= 0:
        return [_plain(item, bounds, depth - 1) for item in value]
    # Of a traceback, the first and the last frames say most.
    ordered = value if isinstance(value, Sequence) else list(value)
    half = bounds.items // 2
    first, last = ordered[:half], ordered[-half:]
    return [
        *(_plain(item, bounds, depth - 1) for item in first),
        f"… {len(ordered) - 2 * half} more",
        *(_plain(item, bounds, depth - 1) for item in last),
    ]


def _text(value: str, bounds: Bounds) -> str:
    # A subclass may be shown otherwise than it is.
    whole = str.__str__(value)
    text = whole[: 2 * bounds.characters]
    if not text.isascii():
        # An encoder of the reader's may not take a lone surrogate.
        text = text.encode("utf-8", "replace").decode()
    if MAY_HAVE_SECRET.search(text):
        for pattern, instead in SECRETS:
            text = pattern.sub(instead, text)
    if len(text) <= bounds.characters and len(whole) <= 2 * bounds.characters:
        return text
    return f"{text[: bounds.characters]}… ({len(whole)} characters)"
