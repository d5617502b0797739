"""A probe of the way that Benchling's calls take, from outside the VPC and back in.

It keeps the VPC link awake, which API Gateway lets go after 60 days without
traffic, and reports when the way is closed.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx
import structlog
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError

from .background import run_every
from .cancellable_transport import tls_context
from .metrics import Metrics

# probePeriod in constructs/operator_alarms.go.
PERIOD_SECONDS = 300.0
TIMEOUT_SECONDS = 10.0

log = structlog.get_logger()


class FrontDoor:
    """Calls the health check through API Gateway, signed: IAM lets nobody else call it."""

    def __init__(
        self, url: str, region: str, credentials: Callable[[], Credentials | None], metrics: Metrics
    ) -> None:
        """Take the health check's URL; an empty one is never called."""
        self._url = url
        self._region = region
        self._credentials = credentials
        self._metrics = metrics

    def watch(self) -> None:
        """Begin, in a thread of its own that ends with the process."""
        if self._url:
            run_every("front door", PERIOD_SECONDS, self.probe, at_once=True)

    def probe(self) -> str:
        """Call once, write the metric, and return why the way is closed, or nothing."""
        try:
            with httpx.Client(timeout=TIMEOUT_SECONDS, verify=tls_context()) as client:
                status = client.get(self._url, headers=self._signature()).status_code
            fault = "" if status == httpx.codes.OK else f"status {status}"
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody got through
            fault = type(error).__name__
        self._metrics.put("FrontDoorAnswered", 0 if fault else 1, "Count")
        if fault:
            log.warning("front_door.probe_failed", reason=fault)
        return fault

    def _signature(self) -> dict[str, str]:
        request = AWSRequest("GET", self._url)
        credentials = self._credentials()
        if credentials is None:
            raise NoCredentialsError
        SigV4Auth(credentials, "execute-api", self._region).add_auth(request)
        return dict(request.headers.items())
