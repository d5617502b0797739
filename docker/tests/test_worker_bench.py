"""`make bench-worker` at a small size: every figure is there, and the stand-in sees every file."""

import pytest

from worker_bench import __main__ as bench

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("case", "calls", "tls"),
    [
        (bench.Case("small", 3, 1000), {"S3 put": 10}, True),
        (bench.Case("large", 2, 6 * bench.MB), {"S3 put": 7, "S3 part": 4}, False),
    ],
)
def test_a_small_case_has_every_figure(tmp_path, monkeypatch, case, calls, tls):
    monkeypatch.setattr(bench, "BUILD", tmp_path)
    (tmp_path / "bench-worker").mkdir()
    pem = str(bench.certificate(tmp_path / "certificate.pem")) if tls else ""
    found = bench.measure(case, 1, 1, pem)
    assert found.tls is tls
    # Seven beside the files: the record, twice, and five documents.
    puts = {it: n for it, n in found.calls_per_package.items() if it in ("S3 put", "S3 part")}
    assert puts == calls
    assert found.calls_per_package["Benchling tasks"] == 2
    assert min(found.packages_per_second, found.peak_mib) > 0
    assert min(found.of_unzip, found.of_boto3, found.of_curl) > 0
    assert 0 < found.latency_ms < 60_000
