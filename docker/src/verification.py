"""The trust decision: Benchling signed these bytes, just now.

Pure: bytes, headers, keys and a time go in, nothing or one error comes out.
"""

from __future__ import annotations

import re
from typing import Protocol

from benchling_sdk.apps.helpers.webhook_helpers import WebhookVerificationError, verify
from jwcrypto.common import JWException
from jwcrypto.jwk import JWKSet

# Benchling signs with a tolerance of five minutes, in both directions.
TOLERANCE_SECONDS = 300
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Headers(Protocol):
    """What a request's headers offer, whatever the letters' case."""

    def get(self, name: str, default: str, /) -> str:
        """Return the header's value, or the default."""


class VerificationError(Exception):
    """The request isn't provably Benchling's; the text says which rule failed."""


def check_headers(headers: Headers, now: float) -> dict[str, str]:
    """Return the signature's headers, if they are complete and of this time.

    Needs no key, so that what can't be Benchling's is refused before anybody
    waits for one. ``now`` is in seconds since the epoch.
    """
    given = {name: headers.get(name, "") for name in HEADERS}
    for name, value in given.items():
        if not value:
            raise VerificationError(f"header {name} is missing")
    timestamp = given["webhook-timestamp"]
    if not re.fullmatch("[0-9]{1,12}", timestamp):
        raise VerificationError("header webhook-timestamp is not a number of seconds")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise VerificationError("header webhook-timestamp is outside the tolerance")
    return given


def verify_webhook(
    body: bytes, headers: Headers, keys: JWKSet, app_definition_id: str, now: float
) -> str:
    """Return the message ID of a signed webhook.

    Anything that is missing, malformed, stale or signed by another key raises
    VerificationError.
    """
    given = check_headers(headers, now)
    try:
        verify(app_definition_id, body.decode(), given, lambda _: keys)
    except WebhookVerificationError as error:
        raise VerificationError("no signature matches") from error
    except (JWException, ValueError, TypeError, OverflowError) as error:
        # What the SDK lets escape from a malformed header or body.
        raise VerificationError("header webhook-signature is malformed") from error
    return given["webhook-id"]
