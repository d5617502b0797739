"""Where the service's own code is, and how much of it: found by name, wherever it stands."""

from __future__ import annotations

import ast
import importlib
import io
import textwrap
import tokenize
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "docker"


def source(stem: str) -> Path:
    """Return the file of the service's module of that name."""
    (found,) = (SERVICE / "src").rglob(f"{stem}.py")
    return found


def module(stem: str) -> ModuleType:
    """Return the service's module of that name."""
    return importlib.import_module(dotted(stem))


def dotted(stem: str) -> str:
    """Return the name by which the service's module is imported."""
    return ".".join(source(stem).relative_to(SERVICE).with_suffix("").parts)


def code_lines(text: str) -> int:
    """Return the lines of Python that hold code: no comments, docstrings, blank lines."""
    blank = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in blank:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def lines_of(stem: str) -> int:
    """Return the lines of code of the service's module of that name."""
    return code_lines(source(stem).read_text())


def lines_that_stay(stem: str, *names: str) -> int:
    """Return the lines of code of some of a module's constants, functions, classes and methods."""
    text = source(stem).read_text()
    found = {}
    for node in ast.walk(ast.parse(text)):
        name = getattr(node, "name", None) or getattr(next(iter(getattr(node, "targets", ())), None), "id", None)
        if name in names:
            found[name] = code_lines(textwrap.dedent(ast.get_source_segment(text, node, padded=True) or ""))
    assert len(found) == len(names), f"{stem}: {set(names) - set(found)} missing"
    return sum(found.values())
