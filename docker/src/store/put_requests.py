"""Requests of S3's PutObject, as botocore makes them, from one that it made.

They are the same byte for byte, but that S3 isn't asked first whether it would take the body
(``Expect``), for which botocore waits: that is worth its time where bodies are large.

What doesn't depend on the object is taken from a request that a client sent; botocore's
serializer and signer give the rest. Source: the user guide of Signature Version 4, "Create a
signed AWS API request".
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from botocore.auth import SIGNED_HEADERS_BLACKLIST, SIGV4_TIMESTAMP, S3SigV4Auth
from botocore.compat import get_current_datetime

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSRequest
    from botocore.signers import RequestSigner

# What each request gets anew, in botocore's order, after the serialized headers and the
# agent. The token is for credentials that have one.
AGENT, EXPECT = "User-Agent", "Expect"
DATE, TOKEN, HASH = "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-SHA256"
AUTHORIZATION, INVOCATION, ATTEMPT = "Authorization", "amz-sdk-invocation-id", "amz-sdk-request"
LENGTH = "Content-Length"
KNOWN = {AGENT, EXPECT, DATE, TOKEN, HASH, AUTHORIZATION, INVOCATION, ATTEMPT, LENGTH}
# What of a call's context the signer reads.
SIGNER_CONTEXT = ("client_config", "has_streaming_input", "checksum", "payload_signing_enabled")


@dataclass(frozen=True)
class Signing:
    """By what a client signs; ``host`` is the header of that name."""

    signer: RequestSigner
    name: str
    region: str
    version: str
    host: str

    @classmethod
    def of(cls, signer: RequestSigner, version: str, request: AWSRequest) -> Signing | None:
        """Return by what a request is about to be signed, or None if it isn't SigV4 of S3."""
        scope = request.context.get("signing", {})
        name = scope.get("signing_name", signer.signing_name)
        region = scope.get("region", signer.region_name)
        auth = signer.get_auth_instance(name, region, version)
        if type(auth) is not S3SigV4Auth or auth.credentials is None:
            return None
        return cls(signer, name, region, version, str(auth.headers_to_sign(request)["host"]))

    def auth(self) -> S3SigV4Auth:
        """Return botocore's signer, with credentials that are refreshed where they must be."""
        found = self.signer.get_auth_instance(self.name, self.region, self.version)
        return cast("S3SigV4Auth", found)


@dataclass(frozen=True)
class PutRequests:
    """Makes the requests of one bucket; ``url`` is the bucket's, without a slash at its end."""

    url: str
    path: str
    fixed: dict[str, str]
    attempt: str
    context: dict[str, Any]
    signing: Signing

    @classmethod
    def like(
        cls, sent: AWSPreparedRequest, serialized: dict[str, Any], signing: Signing
    ) -> PutRequests | None:
        """Return what makes requests like one that was sent, or None if it is out of the ordinary.

        ``serialized`` is the same call as the serializer returns it.
        """
        headers = {name: _text(value) for name, value in sent.headers.items()}
        added = headers.keys() - serialized["headers"].keys()
        if not sent.url.endswith(serialized["url_path"]) or not added <= KNOWN:
            return None
        context = cast("Any", sent).context
        url = sent.url.removesuffix(serialized["url_path"])
        return cls(
            url,
            urlsplit(url).path,
            {AGENT: headers[AGENT]},
            headers[ATTEMPT],
            {name: context[name] for name in SIGNER_CONTEXT if name in context},
            signing,
        )

    def make(self, serialized: dict[str, Any], body: bytes) -> tuple[str, dict[str, bytes]]:
        """Return the URL and the headers of a serialized call, signed for now."""
        url, path = (it + serialized["url_path"] for it in (self.url, self.path))
        auth = self.signing.auth()
        headers = {**serialized["headers"], **self.fixed}
        timestamp = get_current_datetime().strftime(SIGV4_TIMESTAMP)
        request: Any = SimpleNamespace(
            url=url, headers=headers, body=body, context={**self.context, "timestamp": timestamp}
        )
        headers[DATE] = timestamp
        if auth.credentials.token:
            headers[TOKEN] = auth.credentials.token
        headers[HASH] = auth.payload(request)
        headers[AUTHORIZATION] = self._authorization(auth, request, path)
        headers[INVOCATION] = str(uuid.uuid4())
        headers[ATTEMPT] = self.attempt
        headers[LENGTH] = str(len(body))
        return url, {name: value.encode() for name, value in headers.items()}

    def _authorization(self, auth: S3SigV4Auth, request: Any, path: str) -> str:  # noqa: ANN401
        """Return the header that authorizes a request; the signature is botocore's."""
        signed = {
            name: " ".join(value.split())
            for header, value in request.headers.items()
            if (name := header.lower()) not in SIGNED_HEADERS_BLACKLIST
        }
        signed["host"] = self.signing.host
        names = sorted(signed)
        lines = [f"{name}:{signed[name]}" for name in names]
        canonical = ["PUT", path, "", *lines, "", ";".join(names), request.headers[HASH]]
        signature = auth.signature(auth.string_to_sign(request, "\n".join(canonical)), request)
        scope = f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}"
        return f"{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
