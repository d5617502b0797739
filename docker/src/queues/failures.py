"""What a failure means for the message that met it: one table, which everybody asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

from ..export.benchling_client import NotebookError
from ..export.download import DownloadError
from ..export.retry_transport import UnavailableError
from ..runtime.time_limits import TimeLimitError
from ..store.archive import ArchiveError
from ..store.package_store import StoreError
from ..store.packages import PackageNameError
from .event import EventError
from .sqs import printable

# The statuses with which Benchling says that the same request will never do:
# it can't be meant, isn't allowed, or what it is about isn't there.
REFUSALS = frozenset({400, 403, 404, 405, 410, 413, 414, 415, 422})


class Kind(StrEnum):
    """Whether another attempt may end otherwise."""

    # It can't: the message is a dead letter at once, until somebody has mended the cause.
    PERMANENT = "permanent"
    # It may: a server is away or busy, or something changed meanwhile.
    TRANSIENT = "transient"
    # Nobody foresaw it: attempted again, and its trace is logged.
    OURS = "ours"


@dataclass(frozen=True)
class Rule:
    """Errors of a type, and among them those for which ``when`` is true."""

    error: type[Exception]
    kind: Kind
    why: str
    when: Callable[[Exception], bool] = lambda _: True
    # Whether it comes of how Benchling, or a person, does just now: another release of
    # the service would fare alike.
    elsewhere: bool = False


def _refused(error: Exception) -> bool:
    return getattr(error, "status", 0) in REFUSALS


def _said_no(error: Exception) -> bool:
    return _code(error) in ("ValidationException", "InvalidMessageContents")


# The first that fits counts. The texts of these errors are the service's own and
# quote no secret, but for AWS's, of which only the code is told.
RULES = (
    Rule(EventError, Kind.PERMANENT, "no version of the service has written the message"),
    Rule(ArchiveError, Kind.PERMANENT, "the same export would be refused again"),
    Rule(PackageNameError, Kind.PERMANENT, "no other name is free at the next attempt"),
    Rule(NotebookError, Kind.PERMANENT, "Benchling has refused the request itself", _refused),
    Rule(NotebookError, Kind.TRANSIENT, "Benchling's next answer may be whole", elsewhere=True),
    Rule(DownloadError, Kind.TRANSIENT, "the next export has a new address", elsewhere=True),
    Rule(UnavailableError, Kind.TRANSIENT, "the server is away or busy", elsewhere=True),
    Rule(
        TimeLimitError,
        Kind.TRANSIENT,
        "a server was slower than it is on most days",
        elsewhere=True,
    ),
    Rule(
        StoreError,
        Kind.TRANSIENT,
        "somebody else has changed the package meanwhile",
        elsewhere=True,
    ),
    Rule(ClientError, Kind.PERMANENT, "AWS can't take what the message holds", _said_no),
    Rule(ClientError, Kind.TRANSIENT, "AWS is busy, or a right is missing that may be given"),
    Rule(BotoCoreError, Kind.TRANSIENT, "AWS can't be reached"),
)


def kind_of(error: Exception) -> Kind:
    """Return what a failure means; what no rule knows is the service's own fault."""
    rule = _rule(error)
    return rule.kind if rule else Kind.OURS


def may_be_the_release(error: Exception) -> bool:
    """Return whether a failure may be what this release of the service has broken."""
    rule = _rule(error)
    return not (rule and rule.elsewhere)


def reason_of(error: Exception) -> str:
    """Return why something failed, for the operator: no part of a request's secrets."""
    if isinstance(error, ClientError):
        text = f"{error.operation_name} answered {_code(error) or 'an error'}"
    elif isinstance(error, BotoCoreError):
        text = type(error).__name__
    elif _rule(error):
        text = str(error)
    else:
        text = f"{type(error).__name__}: a fault of the worker; its log has the trace"
    return printable(text)


def pause_after(error: Exception, seconds: float) -> float:
    """Return how long to wait after a failure: what the server asked for, if that is longer."""
    asked = error.retry_after if isinstance(error, UnavailableError) else 0.0
    return max(seconds, asked)


def _rule(error: Exception) -> Rule | None:
    return next((it for it in RULES if isinstance(error, it.error) and it.when(error)), None)


def _code(error: Exception) -> str:
    response = error.response if isinstance(error, ClientError) else {}
    return str(response.get("Error", {}).get("Code", ""))
