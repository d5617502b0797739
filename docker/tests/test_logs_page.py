"""docs/logs.md has every log line of the code, and the code every line of the page."""

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from src.runtime.former_log_names import FORMER

SOURCE = Path(__file__).parents[1] / "src"
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "logs.md").read_text()
# The fields of API Gateway's access log, which a query of the page is over.
ACCESS_LOG = set(
    re.findall(r'"(\w+)":"\$context', (ROOT / "constructs" / "access_log.go").read_text())
)

DOTTED = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
LEVELS = {"debug", "info", "warning", "error", "critical"}
# CloudWatch reads metrics by their own format; `always()` has no name of the level's.
METRIC = "metric"
# The words of Logs Insights that the page's queries use.
INSIGHTS = set(
    "fields filter stats sort as by and in like asc desc count pct bin".split()  # noqa: SIM905
)


def code_names(cell):
    return re.findall(r"`([^`]+)`", cell)


def rows(first_heading):
    """Return the cells of every table whose first column has the heading."""
    inside = False
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells[0] == first_heading:
            inside = True
        elif inside and set(cells[0]) != {"-"}:
            yield cells


PAGE_LINES = {code_names(cells[0])[0]: cells for cells in rows("Event")}
PAGE_FIELDS = {code_names(cells[0])[0]: cells for cells in rows("Field")}


def is_log_call(node):
    """Return whether a call is log.LEVEL(…), log.log(…) or always().LEVEL(…)."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    owner = node.func.value
    if isinstance(owner, ast.Call):
        return isinstance(owner.func, ast.Name) and owner.func.id == "always"
    return isinstance(owner, ast.Name) and owner.id == "log"


def logged(tree):
    """Yield the event, the levels and the fields of every log call."""
    for node in filter(is_log_call, ast.walk(tree)):
        method = node.func.attr
        levels, position = {"exception": {"error"}}.get(method, {method}), 0
        if method == "log":
            names = {it.attr for it in ast.walk(node.args[0]) if isinstance(it, ast.Attribute)}
            levels, position = {name.lower() for name in names} & LEVELS, 1
        event = node.args[position]
        fields = {it.arg for it in node.keywords if it.arg}
        if method == "exception" or "exc_info" in fields:
            fields = fields - {"exc_info"} | {"exception"}
        yield event.value if isinstance(event, ast.Constant) else None, levels, fields


@cache
def trees():
    return {file.relative_to(SOURCE): ast.parse(file.read_text()) for file in SOURCE.rglob("*.py")}


@cache
def code_lines():
    """Return the levels and the fields of every event that the code logs."""
    found = defaultdict(lambda: (set(), set()))
    for tree in trees().values():
        for event, levels, fields in logged(tree):
            found[event][0].update(levels)
            found[event][1].update(fields)
    return found


@cache
def bound():
    """Return the fields that a request or an event in work adds to its lines."""
    return {
        it.arg
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("bind_contextvars", "bound_contextvars")
        for it in node.keywords
        if it.arg
    }


def bad_names(lines):
    return [it for it in lines if it != METRIC and not (it and DOTTED.fullmatch(it))]


def test_every_event_is_a_dotted_name():
    assert bad_names(code_lines()) == []


@pytest.mark.parametrize(
    "call", ['log.info("gone wrong")', 'log.error("Event.Gone")', "log.info(x)"]
)
def test_other_event_names_are_found(call):
    assert len(bad_names([event for event, _, _ in logged(ast.parse(call))])) == 1


def test_page_and_code_have_the_same_events():
    assert set(PAGE_LINES) == set(code_lines())


@pytest.mark.parametrize("event", sorted(PAGE_LINES))
def test_page_and_code_have_the_same_levels_and_fields(event):
    levels, fields = code_lines()[event]
    _, level, when, own, _, _ = PAGE_LINES[event]
    assert set(level.split(" or ")) == levels
    assert set(code_names(own)) == fields
    assert when


@pytest.mark.parametrize("event", sorted(PAGE_LINES))
def test_page_has_the_former_names(event):
    former = FORMER.get(event)
    names = [former.event, *former.fields] if former else []
    assert code_names(PAGE_LINES[event][5]) == names


def test_every_former_name_is_of_a_line_and_its_fields():
    lines = code_lines()
    new = {
        "canvas.linked_not_found",
        "canvas.linked_not_read",
        "secret.changed",
        "secret.read_failed",
        "secret.refused",
        "trace.export_failed",
    }
    assert set(FORMER) == set(lines) - {METRIC} - new
    for event, former in FORMER.items():
        assert {now for now, _ in former.fields.values()} <= lines[event][1]


def test_every_field_is_explained_and_written():
    own = {name for cells in PAGE_LINES.values() for name in code_names(cells[3])}
    context = {name for name, cells in PAGE_FIELDS.items() if re.search("request|work", cells[2])}
    of_every_line = {"timestamp", "level", "event", "former_event"}
    assert set(PAGE_FIELDS) == own | context | of_every_line
    assert context == bound()


def test_queries_use_fields_and_events_of_the_page():
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    queries = [text for language, text in blocks if not language]
    assert len(queries) > 2
    for query in queries:
        texts = re.findall(r'"([^"]*)"', query)
        assert {it for it in texts if not it.startswith("etr_") and it != "POST"} <= set(PAGE_LINES)
        without_texts = re.sub(r'"[^"]*"|/[^/]*/', "", query)
        made = set(re.findall(r"\bas (\w+)", without_texts))
        words = set(re.findall(r"(?<![@.\w])[a-z_]\w*", without_texts))
        fields = ACCESS_LOG if "integrationError" in words else set(PAGE_FIELDS)
        assert words - INSIGHTS - made <= fields
