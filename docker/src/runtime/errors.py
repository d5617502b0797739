"""The errors that the service foresees: each says whether another attempt may end otherwise."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Whether another attempt may end otherwise."""

    # It can't: the message is a dead letter at once, until somebody has mended the cause.
    PERMANENT = "permanent"
    # It may: a server is away or busy, or something changed meanwhile.
    TRANSIENT = "transient"
    # Nobody foresaw it: attempted again, and its trace is logged.
    OURS = "ours"


class ServiceError(Exception):
    """A foreseen failure; its text is for the operator, and quotes no secret."""

    kind: Kind


class PermanentError(ServiceError):
    """No other attempt can end otherwise."""

    kind = Kind.PERMANENT


class TransientError(ServiceError):
    """Another attempt may end otherwise.

    The cause is how a server, or a person, does just now: another release of the
    service would fare alike.
    """

    kind = Kind.TRANSIENT
    # How long the server asked to wait before the next attempt, in seconds.
    retry_after = 0.0
