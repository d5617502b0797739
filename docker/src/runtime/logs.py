"""JSON logs on standard output, one line an event."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Hashable
from contextlib import suppress
from typing import Any

import structlog
from structlog.typing import EventDict, ExcInfo, WrappedLogger

from .former_log_names import add_former_names
from .log_lines import log_line
from .repeats import Repeated, Repeats

# Of each exception in a chain: the outermost and the innermost half.
FRAMES = 20
# A template that was filled in already is no template, and may be long.
TEMPLATE_CHARACTERS = 200


class _CountedLogger(structlog.PrintLogger):
    """Prints lines, and counts those of the whole process."""

    written = 0
    _counting = threading.Lock()

    def msg(self, message: str) -> None:
        """Print an event, which may be several lines."""
        with self._counting:
            _CountedLogger.written += message.count("\n") + 1
        super().msg(message)

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg


def lines_written() -> int:
    """Return how many lines this process has logged so far."""
    return _CountedLogger.written


def always() -> structlog.typing.FilteringBoundLogger:
    """Return a logger of what is reported at every level."""
    everything = structlog.make_filtering_bound_logger(logging.NOTSET)
    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        _CountedLogger(sys.stdout), wrapper_class=everything
    )
    return logger


def configure_logs(level: str, repeats: Repeats | None = None) -> None:
    """Send structlog's events and the standard library's warnings to stdout as JSON."""
    repeats = repeats or Repeats()
    lowest = logging.getLevelNamesMapping()[level]
    stdout = sys.stdout
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            add_former_names,
            _Lines(repeats),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=lambda *_: _CountedLogger(stdout),
        cache_logger_on_first_use=False,
    )
    # The libraries' own lines below a warning could quote a request.
    handlers = [LibraryLines(repeats)]
    logging.basicConfig(handlers=handlers, level=max(lowest, logging.WARNING), force=True)


class _Tracebacks(structlog.tracebacks.ExceptionDictTransformer):
    """All frames of an exception and its causes, with short names of the libraries' files."""

    def __init__(self) -> None:
        # Without locals: they could be a secret.
        super().__init__(show_locals=False, max_frames=FRAMES)

    def __call__(self, exc_info: ExcInfo) -> list[dict[str, Any]]:
        stacks = super().__call__(exc_info)
        for frame in (frame for stack in stacks for frame in stack["frames"]):
            frame["filename"] = frame["filename"].rpartition("/site-packages/")[2]
        return stacks


class _Lines:
    """Renders an event as a line, after what repeated before it and is due."""

    def __init__(self, repeats: Repeats) -> None:
        self._repeats = repeats
        self._render_exception = structlog.processors.ExceptionRenderer(_Tracebacks())

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> str:
        try:
            event = self._render_exception(logger, name, event)
        except Exception as error:  # noqa: BLE001 - an exception may be odd in itself
            event.pop("exc_info", None)
            event["exception"] = f"can't be rendered: {type(error).__name__}"
        stamp = {"timestamp": event.get("timestamp")}
        due = [log_line({**vars(it), **stamp}) for it in self._repeats.due()]
        return "\n".join([*due, log_line(event)])


class LibraryLines(logging.Handler):
    """Hands the standard library's records to structlog, the same one once a minute."""

    def __init__(self, repeats: Repeats) -> None:
        """Take the counts, which the lines of all kinds report."""
        super().__init__()
        self._repeats = repeats

    def emit(self, record: logging.LogRecord) -> None:
        """Report a record, or count it."""
        line = self._repeats.report(
            _kind(record), Repeated(_level(record), record.name, _message(record))
        )
        if line:
            _write(line, record.exc_info)

    def close(self) -> None:
        """Report what is counted and unreported: called when the process ends."""
        for line in self._repeats.rest():
            _write(line)
        super().close()


def _write(line: Repeated, exc_info: object = None) -> None:
    more: dict[str, object] = {"exc_info": exc_info} if exc_info else {}
    if line.repeated:
        more["repeated"] = line.repeated
    # At the end of the process, standard output may be closed.
    with suppress(OSError, ValueError):
        getattr(structlog.get_logger(), line.level)(line.event, logger=line.logger, **more)


def _kind(record: logging.LogRecord) -> Hashable:
    """Return what two records have in common that say the same."""
    place: object = None
    if record.exc_info and record.exc_info[0]:
        kind, _, traceback = record.exc_info
        while traceback and traceback.tb_next:
            traceback = traceback.tb_next
        frame = traceback and (traceback.tb_frame.f_code.co_filename, traceback.tb_lineno)
        place = kind.__qualname__, frame
    return record.name, record.levelno, _template(record), place


def _level(record: logging.LogRecord) -> str:
    """Return structlog's name of the level at or below the record's."""
    for level in (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO):
        if record.levelno >= level:
            return logging.getLevelName(level).lower()
    return "debug"


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - what is logged may not fit its template
        return _template(record)


def _template(record: logging.LogRecord) -> str:
    try:
        return str(record.msg)[:TEMPLATE_CHARACTERS]
    except Exception:  # noqa: BLE001 - anything can be logged instead of a text
        return f"<{type(record.msg).__name__}>"
