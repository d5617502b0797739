"""`make bench-libraries` finds the service's code by name: each name must be there."""

import ast
import sys
from pathlib import Path

import pytest

LIBRARIES = Path(__file__).parents[2] / "tools/libraries"
sys.path.insert(0, str(LIBRARIES))
import bench  # noqa: E402
import own_code  # noqa: E402

sys.path.remove(str(LIBRARIES))

# Functions of own_code whose first argument is a module's name.
BY_MODULE = {"module", "dotted", "lines_of", "lines_that_stay"}


def constants(tree):
    """Return the values of a file's constants that are literals."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return found


def names_of(tree):
    """Return each (module, name) that a comparison looks for; the name is "" for the module."""
    pairs, bound, values = set(), {}, constants(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in BY_MODULE:
            stem, *rest = node.args
            pairs.add((stem.value, ""))
            for each in rest:
                found = values[each.value.id] if isinstance(each, ast.Starred) else [each.value]
                pairs.update((stem.value, name) for name in found)
        if isinstance(node, ast.Assign):
            both = [(node.targets[0], node.value)]
            if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
                both = zip(node.targets[0].elts, node.value.elts, strict=True)
            for target, value in both:
                if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "module":
                    bound[target.id] = value.args[0].value
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            stem = bound.get(node.value.id)
            if stem is not None:
                pairs.add((stem, node.attr))
    return pairs


def missing(pairs):
    """Return the pairs that aren't in the service's code."""
    gone = []
    for stem, name in sorted(pairs):
        files = [it for it in (own_code.SERVICE / "src").rglob("*.py") if it.stem == stem]
        if len(files) != 1:
            gone.append(f"{len(files)} modules {stem}")
        # Methods too: lines_that_stay finds those.
        elif name and name not in defined(files[0]):
            gone.append(f"{files[0].name} has no {name}")
    return gone


def defined(file):
    """Return the names that a file defines or imports, methods' too."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update(it.asname or it.name for it in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


@pytest.mark.parametrize(
    "script", ["retries", "retries_adapter", "downloads", "settings", "settings_pydantic"]
)
def test_compared_python_names_exist(script):
    pairs = names_of(ast.parse((LIBRARIES / f"{script}.py").read_text()))
    assert len(pairs) > 3
    assert missing(pairs) == []


def test_missing_names_are_listed():
    tree = ast.parse(
        'own, gone = module("retry_transport"), module("no_such_module")\n'
        'NAMES = ("CALL_SECONDS", "NO_CONSTANT")\n'
        "own.RetryTransport(); own.NoTransport()\n"
        'lines_that_stay("settings", "masked", "no_function", *NAMES)\n'
    )
    assert missing(names_of(tree)) == [
        "0 modules no_such_module",
        "retry_transport.py has no NoTransport",
        "settings.py has no CALL_SECONDS",
        "settings.py has no NO_CONSTANT",
        "settings.py has no no_function",
    ]


@pytest.mark.parametrize("name", [*bench.LOAD, bench.UNTAR])
def test_compared_go_functions_exist(name):
    file = bench.file_of(name if name == bench.UNTAR else bench.LOAD[0])
    assert bench.function(file, name).startswith(f"func {name}(")


def test_missing_go_function_is_named():
    with pytest.raises(AssertionError, match="func noSuchFunction is in 0 files"):
        bench.file_of("noSuchFunction")


def test_compared_packages_and_programs_exist():
    text = (LIBRARIES / "bench.py").read_text()
    strings = {it.value for it in ast.walk(ast.parse(text)) if isinstance(it, ast.Constant)}
    places = {it for it in strings if isinstance(it, str) and it.startswith("benchlingwebhook/")}
    assert len(places) > 1
    for place in places:
        assert (bench.ROOT / place.removeprefix("benchlingwebhook/")).is_dir(), place
    assert (bench.ROOT / "stacks/testdata/dev.template.json").is_file()
