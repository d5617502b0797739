"""S3's PutObject for a third of botocore's CPU: what it repeats for each call is done once.

The first call of each kind is botocore's own. Of later ones, the first attempt is made here,
with the client's connections and credentials. If it succeeds, that is all; else its outcome
becomes that of the first attempt of a call of botocore's, so that errors, retries and their
counts are botocore's. Source: "Extensibility guide" in boto3's documentation, for events.
docs/decisions/0019 has the figures.
"""

from __future__ import annotations

import threading
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import BotoCoreError, HTTPClientError, ReadTimeoutError
from botocore.hooks import first_non_none_response
from botocore.serialize import create_serializer
from botocore.utils import get_environ_proxies
from urllib3 import Retry
from urllib3.exceptions import HTTPError
from urllib3.exceptions import ReadTimeoutError as ReadTimeout

from .put_requests import PutRequests, Signing

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest
    from botocore.signers import RequestSigner
    from mypy_boto3_s3 import S3Client
    from urllib3 import HTTPConnectionPool, PoolManager

NAME = "PutObject"
EVENT = f"s3.{NAME}"
# Parameters that are sent as they are serialized: others have handlers of their own. Without
# a checksum, botocore would add one.
NEEDED = frozenset({"Bucket", "Key", "Body", "ChecksumCRC32"})
KNOWN = NEEDED | {"ContentType", "Metadata", "IfMatch", "IfNoneMatch"}
OK = 200
NO_RETRIES = Retry(total=False)


class _Whole(threading.local):
    """A whole call of this thread: what it sends, and how its first attempt has ended already."""

    is_under_way = False
    signing: Signing | None = None
    sent: AWSPreparedRequest | None = None
    outcome: AWSResponse | BotoCoreError | None = None


class FastPut:
    """A client's ``put_object``, for several threads at once; it returns the ETag alone."""

    def __init__(self, client: S3Client) -> None:
        """Take a client, whose connections, credentials and handlers are used."""
        self._put_object = client.put_object
        self._events = client.meta.events
        # Not public, but there is no other way to the client's own connections.
        self._connections: PoolManager = cast("Any", client)._endpoint.http_session._manager
        self._proxies = cast("Any", client.meta.config).proxies
        self._model = client.meta.service_model.operation_model(NAME)
        self._serializer = create_serializer(client.meta.service_model.resolved_protocol)
        # By the bucket.
        self._learned: dict[str, tuple[PutRequests, HTTPConnectionPool]] = {}
        self._whole = _Whole()
        self._events.register_first(f"before-sign.{EVENT}", self._note_signing)
        self._events.register_first(f"before-send.{EVENT}", cast("Any", self._begin))

    def __call__(self, **arguments: Any) -> dict[str, str]:  # noqa: ANN401 - boto3's parameters
        """Put an object; raises what the client's own method does."""
        if not _is_plain(arguments):
            return cast("dict[str, str]", self._put_object(**arguments))
        learned = self._learned.get(arguments["Bucket"])
        response = self._attempt(*learned, arguments) if learned else None
        if isinstance(response, str):
            return {"ETag": response}
        return {"ETag": self._put_whole(arguments, response)}

    def _attempt(
        self, requests: PutRequests, pool: HTTPConnectionPool, arguments: dict[str, Any]
    ) -> str | AWSResponse | BotoCoreError:
        """Make the first attempt; return the ETag, or how else it has ended."""
        body = arguments["Body"]
        serialized = self._serializer.serialize_to_request(arguments, self._model)
        url, headers = requests.make(serialized, body)
        # botocore, too, sends a stream: each piece of it has a time limit of its own.
        request: Any = AWSPreparedRequest("PUT", url, cast("Any", headers), BytesIO(body), False)
        handled = self._events.emit(f"before-send.{EVENT}", request=request)
        response: AWSResponse | None = first_non_none_response(handled)
        try:
            response = response or _sent(request, pool)
        except ReadTimeout as error:
            return ReadTimeoutError(endpoint_url=url, error=error)
        except (HTTPError, OSError, ValueError) as error:
            return HTTPClientError(error=error)
        etag: str | None = response.headers.get("ETag")
        if response.status_code != OK or not etag:
            return response
        # Capacity for retries comes back, as by each call that succeeds.
        self._events.emit(
            f"after-call.{EVENT}",
            http_response=response,
            parsed={"ETag": etag},
            model=self._model,
            context={},
        )
        return etag

    def _put_whole(
        self, arguments: dict[str, Any], outcome: AWSResponse | BotoCoreError | None
    ) -> str:
        """Make a call of botocore's, and learn by it; ``outcome`` is its first attempt's."""
        whole = self._whole
        whole.is_under_way, whole.outcome = True, outcome
        try:
            etag: str = self._put_object(**arguments)["ETag"]
            if whole.sent and whole.signing:
                self._learn(arguments, whole.sent, whole.signing)
            return etag
        finally:
            whole.is_under_way = False
            whole.signing = whole.sent = whole.outcome = None

    def _learn(self, arguments: dict[str, Any], sent: AWSPreparedRequest, signing: Signing) -> None:
        serialized = self._serializer.serialize_to_request(arguments, self._model)
        requests = PutRequests.like(sent, serialized, signing)
        # A proxy has connections of its own.
        if requests and not (self._proxies or get_environ_proxies(sent.url)):
            pool = self._connections.connection_from_url(sent.url)
            self._learned[arguments["Bucket"]] = requests, pool

    def _note_signing(
        self,
        request: AWSRequest,
        request_signer: RequestSigner,
        signature_version: str,
        **_: object,
    ) -> None:
        whole = self._whole
        if whole.is_under_way and not whole.signing:
            whole.signing = Signing.of(request_signer, signature_version, request)

    def _begin(self, request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        """Have the first attempt of a whole call end as it has already; note its request."""
        whole = self._whole
        if whole.is_under_way:
            whole.sent = whole.sent or request
        outcome, whole.outcome = whole.outcome, None
        if isinstance(outcome, BotoCoreError):
            raise outcome
        return outcome


def use_fast_put(client: S3Client) -> None:
    """Have a client's ``put_object`` take less CPU."""
    client.put_object = FastPut(client)  # type: ignore[method-assign,assignment]


def _sent(request: AWSPreparedRequest, pool: HTTPConnectionPool) -> AWSResponse:
    """Send a request as botocore does, and read the response; raises urllib3's errors."""
    raw = pool.urlopen(
        "PUT",
        request.url[request.url.index("/", len("https://")) :],
        body=cast("Any", request.body),
        headers=cast("Any", request.headers),
        retries=NO_RETRIES,
        assert_same_host=False,
        preload_content=False,
        decode_content=False,
        enforce_content_length=False,
    )
    response = AWSResponse(request.url, raw.status, cast("Any", raw.headers), raw)
    # To its end, so that the connection can be used again.
    _ = response.content
    return response


def _is_plain(arguments: dict[str, Any]) -> bool:
    """Return whether no handler of botocore's would change, or refuse, the parameters."""
    labels = arguments.get("Metadata", {})
    return (
        NEEDED <= arguments.keys() <= KNOWN
        and isinstance(arguments["Body"], bytes)
        and all(name.isascii() and value.isascii() for name, value in labels.items())
    )
