"""The trust decision: Benchling signed these bytes, just now.

Pure: bytes, headers, keys and a time go in, a webhook's ID or one error comes out.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from benchling_sdk.apps.helpers.webhook_helpers import WebhookVerificationError, verify
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from jwcrypto.common import JWException
from jwcrypto.jwk import JWKSet

# Benchling signs with a tolerance of five minutes, in both directions.
TOLERANCE_SECONDS = 300
# The keys of the claims table have 2,048 bytes; Benchling's IDs some 40.
WEBHOOK_ID = re.compile("[!-~]{1,256}")
# Benchling signs with each of its keys, which are few. More than these can't be
# looked at without a sender who has no key having much work done for it.
MAX_SIGNATURES = 5
MAX_SIGNATURE_HEADER = 2048
# Two numbers of up to 33 bytes, and six bytes around them, in Base64.
# Source: X.690 (DER) and RFC 3279, 2.2.3 (ECDSA-Sig-Value), for P-256.
SIGNATURE = re.compile("v[0-9]{1,4}der,([A-Za-z0-9+/]{11,96}={0,2})")
ALGORITHM = ec.ECDSA(Prehashed(SHA256()))


class Headers(Protocol):
    """What a request's headers offer, in upper or lower case."""

    def get(self, name: str, default: str, /) -> str:
        """Return the header's value, or the default."""


class VerificationError(Exception):
    """The request isn't provably Benchling's; the text says which rule failed."""


@dataclass(frozen=True)
class VerifyingKey:
    """One of the app's public keys: for the SDK, and for cryptography."""

    jwks: JWKSet
    public: ec.EllipticCurvePublicKey


@dataclass(frozen=True)
class Signed:
    """The signature's headers of a request, whose signatures may be anybody's."""

    webhook_id: str
    timestamp: str
    # Well-formed ones, each once, in the header's order: as given, and in DER.
    signatures: tuple[tuple[str, bytes], ...]


def read_headers(headers: Headers, now: float) -> Signed:
    """Return the signature's headers, if they are complete and of this time.

    Needs no key, so that what can't be Benchling's is refused before anybody
    waits for one. ``now`` is in seconds since the epoch.
    """
    webhook_id, timestamp, given = (
        headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    for name, value in (("id", webhook_id), ("timestamp", timestamp), ("signature", given)):
        if not value:
            raise VerificationError(f"header webhook-{name} is missing")
    if not WEBHOOK_ID.fullmatch(webhook_id):
        raise VerificationError("header webhook-id is not 1 to 256 visible ASCII characters")
    if not re.fullmatch("[0-9]{1,12}", timestamp):
        raise VerificationError("header webhook-timestamp is not a number of seconds")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise VerificationError("header webhook-timestamp is outside the tolerance")
    if len(given) > MAX_SIGNATURE_HEADER:
        raise VerificationError(
            f"header webhook-signature is longer than {MAX_SIGNATURE_HEADER} characters"
        )
    return Signed(webhook_id, timestamp, _signatures(given))


def _signatures(header: str) -> tuple[tuple[str, bytes], ...]:
    """Return the well-formed signatures; one that isn't says nothing of the others."""
    found = {}
    for text in header.split(" "):
        if (match := SIGNATURE.fullmatch(text)) and len(match[1]) % 4 == 0:
            found[text] = base64.b64decode(match[1])
    if not found:
        raise VerificationError("header webhook-signature is malformed")
    if len(found) > MAX_SIGNATURES:
        raise VerificationError(
            f"header webhook-signature has more than {MAX_SIGNATURES} signatures"
        )
    return tuple(found.items())


def verify_webhook(
    body: bytes, signed: Signed, keys: Sequence[VerifyingKey], app_definition_id: str
) -> str:
    """Return the ID of a webhook that one of the keys has signed; raises VerificationError.

    The SDK decides. It reads the body anew for each key and signature, so it is
    asked only for a pair that fits, which is found with the body's hash.
    """
    message = hashlib.sha256(f"{signed.webhook_id}.{signed.timestamp}.".encode())
    message.update(body)
    digest = message.digest()
    for text, der in signed.signatures:
        for key in keys:
            if _fits(key.public, der, digest):
                _decide(body, signed, text, key, app_definition_id)
                return signed.webhook_id
    raise VerificationError("no signature matches")


def _fits(key: ec.EllipticCurvePublicKey, der: bytes, digest: bytes) -> bool:
    try:
        key.verify(der, digest, ALGORITHM)
    except InvalidSignature:
        return False
    return True


def _decide(
    body: bytes, signed: Signed, signature: str, key: VerifyingKey, app_definition_id: str
) -> None:
    headers = {
        "webhook-id": signed.webhook_id,
        "webhook-timestamp": signed.timestamp,
        "webhook-signature": signature,
    }
    try:
        verify(app_definition_id, body.decode(), headers, lambda _: key.jwks)
    except WebhookVerificationError as error:
        raise VerificationError("no signature matches") from error
    except (JWException, ValueError, TypeError, OverflowError) as error:
        # What the SDK lets escape from what is signed, and no text.
        raise VerificationError("the SDK can't read what is signed") from error
