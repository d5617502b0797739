"""Metrics in CloudWatch's embedded metric format: a log line that is one.

Source: the specification of the embedded metric format in CloudWatch's guide.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping

from .logs import always

NAMESPACE = "BenchlingWebhook"


class Metrics:
    """Writes metrics of one stack, whatever the level of the log."""

    def __init__(self, stack: str, service: str = "") -> None:
        """Take the names that are dimensions; without a stack's nothing is written."""
        self._stack = stack
        self._service = service
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def put(self, name: str, value: float, unit: str) -> None:
        """Write one value of the stack; ``unit`` is CloudWatch's, such as "Count"."""
        self._write({"Stack": self._stack}, {name: value}, unit)

    def count(self, name: str) -> None:
        """Count what happens too often for a line each; ``put_counts`` writes the sum."""
        with self._lock:
            self._counts[name] += 1

    def put_counts(self) -> None:
        """Write what was counted since the last time, as counts of the stack.

        Nothing is written of what didn't happen, and costs nothing then.
        """
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if counts:
            self._write({"Stack": self._stack}, counts, "Count")

    def put_of_task(self, counts: dict[str, float]) -> None:
        """Write counts of this task, which CloudWatch keeps for each service."""
        self._write({"Stack": self._stack, "Service": self._service}, counts, "Count")

    def _write(self, dimensions: dict[str, str], values: Mapping[str, float], unit: str) -> None:
        if not self._stack:
            return
        always().info(
            "metric",
            **dimensions,
            **{name: round(value, 3) for name, value in values.items()},
            _aws={
                "Timestamp": round(time.time() * 1000),
                "CloudWatchMetrics": [
                    {
                        "Namespace": NAMESPACE,
                        "Dimensions": [list(dimensions)],
                        "Metrics": [{"Name": name, "Unit": unit} for name in values],
                    }
                ],
            },
        )
