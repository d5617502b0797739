"""What a failure means for the message that met it.

The service's own errors say so themselves (runtime/errors.py); AWS's are classified here.
"""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from ..runtime.errors import Kind, ServiceError, TransientError
from .sqs import printable

# AWS's codes for what it can't take because of what the message holds.
REFUSED_CONTENTS = frozenset({"ValidationException", "InvalidMessageContents"})


def kind_of(error: Exception) -> Kind:
    """Return what a failure means; what nobody foresaw is the service's own fault.

    AWS is busy or can't be reached, or a right is missing that may be given, unless
    it refuses the contents.
    """
    if isinstance(error, ServiceError):
        return error.kind
    if isinstance(error, ClientError) and _code(error) in REFUSED_CONTENTS:
        return Kind.PERMANENT
    return Kind.TRANSIENT if isinstance(error, ClientError | BotoCoreError) else Kind.OURS


def may_be_the_release(error: Exception) -> bool:
    """Return whether a failure may be what this release of the service has broken."""
    return not (isinstance(error, ServiceError) and error.kind is Kind.TRANSIENT)


def reason_of(error: Exception) -> str:
    """Return why something failed, for the operator: no part of a request's secrets."""
    if isinstance(error, ClientError):
        text = f"{error.operation_name} answered {_code(error) or 'an error'}"
    elif isinstance(error, BotoCoreError):
        text = type(error).__name__
    elif isinstance(error, ServiceError):
        text = str(error)
    else:
        text = f"{type(error).__name__}: a fault of the worker; its log has the trace"
    return printable(text)


def pause_after(error: Exception, seconds: float) -> float:
    """Return how long to wait after a failure: what the server asked for, if that is longer."""
    return max(seconds, error.retry_after if isinstance(error, TransientError) else 0.0)


def error_code(error: Exception) -> str:
    """Return AWS's code of an error, or the error's name: its text may quote the request."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code", type(error).__name__)
    return type(error).__name__


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
