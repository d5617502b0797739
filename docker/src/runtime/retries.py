"""How often calls of AWS are made again, for each service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .metrics import Metrics

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from botocore.client import BaseClient

# What every AWS SDK sends with each attempt, such as "attempt=2; max=3".
ATTEMPT_HEADER = "amz-sdk-request"
FIRST = "attempt=1"


def count_retries(client: BaseClient, name: str, metrics: Metrics) -> None:
    """Count each attempt of a client's calls but the first, as the metric of that name."""

    def note(request: AWSPreparedRequest, **_: object) -> None:
        attempt = request.headers.get(ATTEMPT_HEADER, FIRST)
        text = attempt.decode("ascii", "replace") if isinstance(attempt, bytes) else attempt
        if text.partition(";")[0] != FIRST:
            metrics.count(name)

    client.meta.events.register("before-send", note)
