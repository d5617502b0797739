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


def told(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]


def test_a_task_tells_whether_it_is_ready_and_how_many_lines_it_logged(capsys):
    problems = ["BENCHLING_SECRET: it is empty"]
    beat = Heartbeat(Metrics("stack", "web"), lambda: problems)
    beat.beat()
    problems.clear()
    always().info("one")
    beat.beat()
    first, second = told(capsys)
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


def test_readiness_that_cannot_be_told_is_none(capsys):
    def broken():
        raise RuntimeError("broken")

    readiness = lambda: not_ready(Settings(port=5000), broken)  # noqa: E731
    Heartbeat(Metrics("stack", "web"), readiness).beat()
    assert told(capsys)[0]["NotReady"] == 1
