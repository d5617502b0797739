"""Every module is in a wing, and imports run down: a wing knows those below it alone."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"

# Which wings each may import from, and itself. The processes are src/app.py and
# src/worker.py, whose parts src/handlers.py puts together.
ALLOWED = {
    "app": {"webhook", "runtime"},
    "worker": {"handlers", "canvas", "queues", "runtime"},
    "handlers": {"canvas", "export", "store", "queues", "runtime"},
    "webhook": {"queues", "runtime"},
    "canvas": {"export", "store", "queues", "runtime"},
    "export": {"store", "queues", "runtime"},
    "store": {"queues", "runtime"},
    "queues": {"runtime"},
    "runtime": set(),
}
PROCESSES = {"app", "worker", "handlers"}


def wing_of(parts):
    """Return the wing, or the process, of a module's or a file's path below src."""
    return parts[0].removesuffix(".py")


def imports(file, source):
    """Return the modules of src that a file imports, as paths, wherever in it that is.

    Imports below TYPE_CHECKING and inside functions count, too.
    """
    package = ("src", *file.relative_to(source).parent.parts)
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found = [tuple(name.name.split(".")) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            # "from . import name" names modules, any other one may.
            found = [(*base, name.name) for name in node.names]
        else:
            continue
        yield from (it[1:] for it in found if it[0] == "src" and len(it) > 1)


def arrows(source):
    """Return the arrows between wings, and a file of each."""
    found = {}
    for file in sorted(source.rglob("*.py")):
        parts = file.relative_to(source).parts
        if parts != ("__init__.py",):
            for target in imports(file, source):
                found.setdefault((wing_of(parts), wing_of(target)), "/".join(parts))
    return {(a, b): file for (a, b), file in found.items() if a != b}


def faults(source):
    """Return what is wrong with the wings of a source tree, a line each."""
    outside = {it.name for it in source.glob("*.py")} - {"__init__.py"}
    outside = sorted(outside - {f"{it}.py" for it in PROCESSES})
    # A new wing needs its line in the table.
    wings = {it.parent.relative_to(source).parts[0] for it in source.glob("*/**/*.py")}
    return [
        *(f"src/{it}: not in a wing" for it in outside),
        *(f"src/{it}: a wing without directions" for it in sorted(wings - set(ALLOWED))),
        *(
            f"src/{file}: {a} may not import from {b}"
            for (a, b), file in arrows(source).items()
            if b not in ALLOWED.get(a, set())
        ),
    ]


def circles(directions):
    """Return the wings that can be reached from themselves."""
    found = set()
    for start in directions:
        reached, todo = set(), [start]
        while todo:
            below = directions.get(todo.pop(), set()) - reached
            reached |= below
            todo += below
        if start in reached:
            found.add(start)
    return found


def test_imports_run_down_between_wings():
    assert faults(SOURCE) == []


def test_no_circle_between_wings():
    directions = {}
    for a, b in arrows(SOURCE):
        directions.setdefault(a, set()).add(b)
    assert len(directions) > len(PROCESSES)
    assert circles(directions) == circles(ALLOWED) == set()
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == {"a", "b", "c"}


def test_every_allowed_direction_is_used():
    used = set(arrows(SOURCE))
    assert {(a, b) for a, below in ALLOWED.items() for b in below} - used == set()


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        ("queues/a.py", "from ..store.b import C", "queues may not import from store"),
        ("queues/a.py", "from ..store import b", "queues may not import from store"),
        ("queues/a.py", "from .. import store", "queues may not import from store"),
        ("queues/a.py", "import src.store.b", "queues may not import from store"),
        ("queues/a.py", "from src.store import b", "queues may not import from store"),
        ("queues/a.py", "from .. import worker", "queues may not import from worker"),
        (
            "queues/a.py",
            "def f():\n    from ..store.b import C",
            "queues may not import from store",
        ),
        ("queues/a.py", "if TYPE_CHECKING:\n    from ..store.b import C", "queues may not import"),
        ("webhook/routes/a.py", "from ...export.b import C", "webhook may not import from export"),
        ("app.py", "from .worker import main", "app may not import from worker"),
        ("a.py", "", "not in a wing"),
        ("helpers/a.py", "", "a wing without directions"),
    ],
)
def test_an_import_that_runs_up_and_a_module_outside_are_found(tmp_path, file, text, fault):
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    (found,) = faults(tmp_path)
    assert fault in found


def test_imports_within_a_wing_and_down_are_allowed(tmp_path):
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "a.py").write_text("from . import b\nfrom ..store.c import D\nimport os")
    assert faults(tmp_path) == []
