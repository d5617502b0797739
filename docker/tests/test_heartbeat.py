import json

import pytest
import structlog

from src.runtime.health import not_ready
from src.runtime.heartbeat import Heartbeat
from src.runtime.logs import always, configure_logs, lines_written
from src.runtime.metrics import Metrics
from src.runtime.settings import Settings


@pytest.fixture(autouse=True)
def _logs():
    configure_logs("INFO")


def metric_lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]


def test_heartbeat_reports_readiness_and_log_lines(capsys):
    problems = ["BENCHLING_SECRET: it is empty"]
    beat = Heartbeat(Metrics("stack", "web"), lambda: problems)
    beat.beat()
    problems.clear()
    always().info("one")
    beat.beat()
    first, second = metric_lines(capsys)
    assert (first["NotReady"], second["NotReady"]) == (1, 0)
    # The line of the first beat, and the one above.
    assert second["LogLines"] == 2
    [declared] = first["_aws"]["CloudWatchMetrics"]
    assert declared["Dimensions"] == [["Stack", "Service"]]
    assert (first["Stack"], first["Service"]) == ("stack", "web")
    assert {it["Name"] for it in declared["Metrics"]} == {"NotReady", "LogLines"}


def test_every_line_that_is_printed_is_counted(capsys):
    before = lines_written()
    log = structlog.get_logger()
    for write in (log.info, log.warning, log.error, log.critical, log.exception):
        write("line")
    log.debug("below the level")
    always().info("always")
    assert lines_written() - before == len(capsys.readouterr().out.splitlines())


def test_crashed_readiness_check_means_not_ready(capsys):
    def broken():
        raise RuntimeError("broken")

    readiness = lambda: not_ready(Settings(port=5000), broken)  # noqa: E731
    Heartbeat(Metrics("stack", "web"), readiness).beat()
    assert metric_lines(capsys)[0]["NotReady"] == 1


def test_busy_worker_and_counts_are_written_and_idle_ones_cost_nothing(capsys):
    metrics, busy = Metrics("stack", "worker"), [62.5]
    beat = Heartbeat(metrics, list, lambda: busy[0])
    for _ in range(3):
        metrics.count("EventsAccepted")
    metrics.count("EventsRefused")
    beat.beat()
    _, worker, counts = metric_lines(capsys)
    assert (worker["WorkerBusy"], counts["EventsAccepted"], counts["EventsRefused"]) == (62.5, 3, 1)
    assert [it["_aws"]["CloudWatchMetrics"][0]["Dimensions"] for it in (worker, counts)] == [
        [["Stack"]]
    ] * 2
    busy[0] = 0.0
    beat.beat()
    assert len(metric_lines(capsys)) == 1
