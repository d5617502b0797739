"""Metrics in CloudWatch's embedded metric format: a log line that is one.

Source: the specification of the embedded metric format in CloudWatch's guide.
"""

from __future__ import annotations

import time

from .logs import always

NAMESPACE = "BenchlingWebhook"


class Metrics:
    """Writes metrics of one stack, whatever the level of the log."""

    def __init__(self, stack: str) -> None:
        """Take the stack's name, the only dimension; without one nothing is written."""
        self._stack = stack

    def put(self, name: str, value: float, unit: str) -> None:
        """Write one value; ``unit`` is CloudWatch's, such as "Seconds" or "Count"."""
        if not self._stack:
            return
        always().info(
            "metric",
            Stack=self._stack,
            **{name: round(value, 3)},
            _aws={
                "Timestamp": round(time.time() * 1000),
                "CloudWatchMetrics": [
                    {
                        "Namespace": NAMESPACE,
                        "Dimensions": [["Stack"]],
                        "Metrics": [{"Name": name, "Unit": unit}],
                    }
                ],
            },
        )
