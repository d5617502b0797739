"""`make bench-worker` at a small size: every figure is there, and the stand-in sees every file."""

import json
import sys
from pathlib import Path

import pytest

from worker_bench import __main__ as bench

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("case", "calls", "tls"),
    [
        (bench.Case("small", 3, 1000, at_once=1), {"S3 put": 10}, True),
        (bench.Case("large", 2, 6 * bench.MB), {"S3 put": 7, "S3 part": 4}, False),
    ],
)
def test_a_small_case_has_every_figure(tmp_path, monkeypatch, case, calls, tls):
    monkeypatch.setattr(bench, "IDLE_RUNS", bench.LEAST_IDLE_RUNS)
    pem = str(bench.certificate(tmp_path / "certificate.pem")) if tls else ""
    found = bench.measure(case, 1, 1, pem, tmp_path)
    assert (found.case, found.delay_ms, found.tls) == (case.name, 1, tls)
    # Seven beside the files: the record, twice, and five documents.
    puts = {it: n for it, n in found.calls_per_package.items() if it in ("S3 put", "S3 part")}
    assert puts == calls
    assert found.calls_per_package["Benchling tasks"] == 2
    assert min(found.packages_per_second, found.peak_mib) > 0
    assert min(found.of_unzip, found.of_boto3, found.of_curl) > 0
    assert (found.idle is not None) is case.idle
    if found.idle:
        assert 0 < found.idle.ready_ms < found.idle.polled_ms < 60_000
        assert found.idle.reference_ms > 0


def test_scaled_cases_stay_as_concurrent():
    scaled = [bench.scaled(it, 0.01) for it in bench.CASES]
    assert [it.packages for it in scaled] == [1, 1, 1, 1, 4, 16]
    assert scaled[0].size == bench.CASES[0].size // 100
    assert scaled[1].files == 1


IDLE = bench.Idle(20.0, 70.0, 90.0)
SHARES = 0.5, 1.5, 2.5


def test_every_case_is_measured_with_tls_and_without(tmp_path, monkeypatch, capsys):
    def measure(case, delay_ms, scale, pem, directory):
        assert not pem or "PRIVATE KEY" in Path(pem).read_text()
        assert directory.is_dir()
        rates = 2.0 * scale, *[1.0] * 5
        sizes = case.packages, case.files, 1.0, 1.0
        calls = {"S3 put": 10}
        return bench.Figures(case.name, bool(pem), delay_ms, *sizes, *rates, IDLE, *SHARES, calls)

    monkeypatch.setattr(bench, "measure", measure)
    monkeypatch.setattr(bench, "BUILD", tmp_path)
    monkeypatch.setattr(bench, "CASES", (bench.Case("small", 1, 100), bench.Case("other", 1, 100)))
    monkeypatch.setattr(sys, "argv", ["worker_bench", "0.5", "small"])
    bench.main()
    written = json.loads((tmp_path / "bench-worker.json").read_text())
    assert [(it["case"], it["delay_ms"], it["tls"]) for it in written["rows"]] == [
        ("small", 0, False),
        ("small", 30, False),
        ("small", 0, True),
        ("small", 30, True),
    ]
    assert all(it["packages_per_second"] == 1.0 for it in written["rows"])
    assert written["scale"] == 0.5
    assert written["machine"]["processors"] > 0
    assert len(capsys.readouterr().out.splitlines()) == 5
