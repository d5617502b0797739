"""`make bench-worker` at a small size: every figure is there, and the stand-in sees every file."""

import pytest

from worker_bench import __main__ as bench

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("case", "put", "parts"),
    [
        (bench.Case("small", 3, 1000), 3, 0),
        (bench.Case("large", 2, 6 * bench.MB), 0, 4),
    ],
)
def test_a_small_case_has_every_figure(tmp_path, monkeypatch, case, put, parts):
    monkeypatch.setattr(bench, "BUILD", tmp_path)
    found = bench.measure(case, 1, 1)
    # Beside them the record, twice, and five documents.
    assert found.calls_per_package["S3 put"] == put + 7
    assert found.calls_per_package.get("S3 part", 0) == parts
    assert found.calls_per_package["Benchling tasks"] == 2
    assert min(found.packages_per_second, found.peak_mib, found.of_unzip, found.of_boto3) > 0
    assert 0 < found.latency_ms < 60_000
