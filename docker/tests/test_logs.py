"""Log lines: whole, once, within bounds, and without secrets."""

import io
import json
import logging
import sys

import pytest
import structlog
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from src.runtime.health import health_app
from src.runtime.log_lines import LINE_BYTES, log_line
from src.runtime.logs import LibraryLines, configure_logs
from src.runtime.repeats import KINDS, Repeats
from src.runtime.settings import Settings

from .test_app import python


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def lines(monkeypatch, clock):
    """Configured logs, and what returns the lines since it was last called."""
    output = io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", output)
        configure_logs("INFO", Repeats(60, clock))

    def read():
        written = output.getvalue().splitlines()
        output.seek(0)
        output.truncate()
        return [json.loads(line) for line in written]

    yield read
    logging.getLogger().handlers.clear()
    logging.getLogger().setLevel(logging.WARNING)


def broken(app, fail):
    app.add_url_rule("/<path:_>", "broken", lambda _: fail())
    return app.test_client()


def _raise(error, cause=None):
    raise error from cause


def _fail():
    try:
        _raise(KeyError("inner"))
    except KeyError as error:
        private = "a local"
        raise ValueError(f"outer{len(private)}") from error


def test_500_is_logged_with_traceback_and_causes(lines):
    client = broken(health_app(lambda: Settings(port=5000), list), _fail)
    assert client.get("/event?token=hunter2").status_code == 500
    (line,) = [it for it in lines() if it["level"] == "error"]
    outer, inner = line["exception"]
    assert (outer["exc_type"], outer["exc_value"]) == ("ValueError", "outer7")
    assert (inner["exc_type"], inner["is_cause"]) == ("KeyError", True)
    assert outer["frames"][0]["filename"] == "flask/app.py"
    assert [frame["name"] for frame in outer["frames"]][-2:] == ["<lambda>", "_fail"]
    assert outer["frames"][-1]["filename"] == __file__
    assert line["path"] == "/event"
    assert "hunter2" not in json.dumps(line)
    assert "a local" not in json.dumps(line)


def test_two_faults_within_a_minute_are_both_logged(lines):
    logger = logging.getLogger("flask.app")
    for fault in (_fail, lambda: 1 / 0, lambda: {}["x"]):
        for _ in range(2):
            try:
                fault()
            except Exception:
                logger.exception("Exception on %s", "/event")
    assert [line["exception"][0]["exc_type"] for line in lines()] == [
        "ValueError",
        "ZeroDivisionError",
        "KeyError",
    ]


def test_a_long_path_makes_a_short_line(lines):
    client = health_app(lambda: Settings(port=5000), list).test_client()
    client.get("/" + "ü😀" * 6_000)
    (line,) = lines()
    assert line["path"].endswith("… (12001 characters)")
    assert len(json.dumps(line)) <= LINE_BYTES
    assert (line["status"], line["event"]) == (404, "request.completed")


def test_recursion_error_is_logged_within_bounds(lines):
    def deeper(number):
        return deeper(number + 1)

    try:
        deeper(0)
    except RecursionError:
        structlog.get_logger().exception("deep")
    (line,) = lines()
    frames = line["exception"][0]["frames"]
    assert 20 <= len(frames) <= 21
    assert "Skipped frames" in frames[10]["name"]


def test_urls_in_errors_are_masked(lines):
    texts = [
        "Max retries exceeded with url: /a/b?X-Amz-Signature=hunter2&b=c (Caused by x)",
        "https://b.example.com/x?token=hunter2",
        "https://user:hunter2@b.example.com/x",
        "Client error for url 'https://b.example.com/?sig=<hunter2>'",
        "header Authorization: Bearer hunter2",
        "x" * 480 + "https://b.example.com/x?token=" + "hunter2" * 100,
    ]
    for text in texts:
        structlog.get_logger().info(text, reason=[text], error=ValueError(text))
        logging.getLogger(text[:10]).warning("%s", text)
        try:
            _raise(OSError(text))
        except OSError:
            structlog.get_logger().exception("failed")
    written = lines()
    assert len(written) == 3 * len(texts)
    assert "hunter2" not in json.dumps(written)


def library(name, template, *args):
    """Log as a library does; pytest's own handlers take less than ours."""
    record = logging.LogRecord(name, logging.WARNING, "x.py", 1, template, args, None)
    (handler,) = [it for it in logging.getLogger().handlers if isinstance(it, LibraryLines)]
    handler.handle(record)


class Odd:
    def __repr__(self):
        raise RuntimeError("no")


class MistakenError(Exception):
    def __str__(self):
        raise RuntimeError("no")


CIRCLE = []
CIRCLE.append(CIRCLE)
ODD = [
    Odd(),
    MistakenError(),
    CIRCLE,
    "\ud800",
    "😀" * 100_000,
    b"a body",
    float("nan"),
    float("-inf"),
    10**6000,
    {Odd: Odd(), ("a", 1): {"b": [[[[[[[[[[[1]]]]]]]]]]]}},
    {"\ud800" * 1000: 1},
    dict.fromkeys(map(str, range(100_000))),
    list(range(100_000)),
    [{str(number): "😀" * 1000 for number in range(100)}] * 100,
    set(range(1000)),
    type("Text", (str,), {"__str__": lambda _: 7, "__len__": lambda _: -1})("x"),
    lambda: None,
    object,
]


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_any_logged_value_is_a_bounded_line(lines, value):
    structlog.get_logger().warning("odd", value=value, exc_info=value)
    library("odd", "%s", value)
    library("odder", value)
    library("oddest", "%d %s", value)
    written = lines()
    assert len(written) == 4
    assert all(len(json.dumps(line)) <= LINE_BYTES for line in written)
    assert "a body" not in json.dumps(written[0])


ANYTHING = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=20,
)


@settings(max_examples=40)
@given(st.dictionaries(st.text(st.characters()), ANYTHING))
def test_any_event_is_a_line(event):
    line = log_line(event)
    assert len(line) <= LINE_BYTES
    assert line.isascii()
    line.encode().decode()
    assert "\\ud8" not in line or json.loads(line)
    json.dumps(json.loads(line), ensure_ascii=False).encode()


def test_error_whose_text_raises_is_logged(lines):
    try:
        _raise(MistakenError())
    except MistakenError:
        structlog.get_logger().exception("failed")
        logging.getLogger("x").exception("failed")
    assert [line["exception"][0]["exc_type"] for line in lines()] == ["MistakenError"] * 2


def test_a_chain_of_many_long_errors_is_within_bounds(lines):
    error = None
    for number in range(200):
        try:
            _raise(ValueError(f"{number}" + "x" * 10_000), error)
        except ValueError as caught:
            error = caught
    structlog.get_logger().error("failed", exc_info=error, entry_id="etr_1")
    structlog.get_logger().error("group", exc_info=ExceptionGroup("all", [error] * 50))
    written = lines()
    assert [line["event"] for line in written] == ["failed", "group"]
    assert written[0]["entry_id"] == "etr_1"
    assert written[0]["exception"][0]["exc_value"].startswith("199x")
    assert all(len(json.dumps(line)) <= LINE_BYTES for line in written)


def test_repeated_lines_are_logged_once_a_minute_with_count(lines, clock):
    logger = logging.getLogger("some.library")
    for number in range(100):
        logger.warning("Task queue depth is %d", number)
    logger.warning("another")
    assert [line["event"] for line in lines()] == ["Task queue depth is 0", "another"]
    clock.now = 61
    logger.warning("Task queue depth is %d", 100)
    (line,) = lines()
    assert (line["event"], line["repeated"]) == ("Task queue depth is 100", 99)
    assert (line["logger"], line["level"]) == ("some.library", "warning")
    clock.now = 200
    logger.warning("Task queue depth is %d", 101)
    assert "repeated" not in lines()[0]


def test_last_count_is_logged_with_the_next_line_of_any_kind(lines, clock):
    logger = logging.getLogger("some.library")
    for number in range(5):
        logger.warning("Task queue depth is %d", number)
    structlog.get_logger().info("own")
    assert [line["event"] for line in lines()] == ["Task queue depth is 0", "own"]
    clock.now = 61
    structlog.get_logger().info("own")
    count, own = lines()
    assert (count["event"], count["repeated"]) == ("Task queue depth is 4", 4)
    assert count["timestamp"] == own["timestamp"]
    # That was this minute's line.
    logger.warning("Task queue depth is %d", 5)
    assert lines() == []


def test_own_events_are_all_logged(lines):
    for _ in range(10):
        structlog.get_logger().warning("own")
    assert len(lines()) == 10


def test_the_end_of_the_process_loses_no_count():
    program = (
        "import logging; from src.runtime.logs import configure_logs; configure_logs('INFO');"
        " [logging.getLogger('x').warning('again %d', it) for it in range(9)]"
    )
    ended = python(program)
    first, last = map(json.loads, ended.stdout.splitlines())
    assert first["event"] == "again 0"
    assert (last["event"], last["repeated"]) == ("again 8", 8)
    assert ended.stderr == ""


def test_number_of_counted_kinds_is_bounded(clock):
    repeats = Repeats(60, clock)
    configure_logs("INFO", repeats)
    logger = logging.getLogger("x")
    for number in range(3 * KINDS):
        logger.warning(f"made {number}")  # noqa: G004 - as some libraries do
        logger.warning(f"made {number}")  # noqa: G004
    assert len(repeats._reported) == KINDS
    logging.getLogger().handlers.clear()


def test_an_error_level_keeps_the_libraries_warnings_away(capsys):
    configure_logs("ERROR")
    logging.getLogger("x").warning("a warning")
    logging.getLogger("x").error("an error")
    logging.getLogger("x").log(45, "between")
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(it["event"], it["level"]) for it in written] == [
        ("an error", "error"),
        ("between", "error"),
    ]
    logging.getLogger().handlers.clear()


def test_flask_logs_nothing_on_stderr(lines, capfd):
    client = broken(Flask("other"), _fail)
    assert client.get("/x").status_code == 500
    assert len(lines()) == 1
    assert "Traceback" not in capfd.readouterr().err


def test_renamed_lines_carry_their_former_names(lines):
    log = structlog.get_logger()
    log.info("event.started", attempt=1)
    log.info("event.completed", duration_ms=2504)
    log.info("event.completed", covered=True)
    log.info("own")
    started, exported, covered, own = lines()
    assert (started["former_event"], started["earlier_attempts"]) == ("working", 0)
    assert (exported["former_event"], exported["seconds"]) == ("done", 2.5)
    assert covered["former_event"] == "done"
    assert "seconds" not in covered
    assert "former_event" not in own
