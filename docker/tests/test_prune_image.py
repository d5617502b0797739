"""What the image leaves out is nothing that the code asks for."""

import ast
import sys
from functools import cache
from pathlib import Path

import botocore
import botocore.session
import pytest
from botocore.loaders import Loader

import prune_image

from .conftest import loaded_by_service

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).parent.parent / "src"
DATA = Path(botocore.__file__).parent / "data"
PYTHON = Path(sys.executable)


@cache
def nodes() -> list[tuple[Path, ast.AST]]:
    """Return the nodes of the code but those that are for mypy alone."""
    found = []
    for file in sorted(SOURCE.rglob("*.py")):
        queue: list[ast.AST] = [ast.parse(file.read_text())]
        while queue:
            node = queue.pop()
            if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
                found.append((file, node))
                queue += ast.iter_child_nodes(node)
    return found


def asked_for() -> dict[str, str]:
    """Return the AWS services that the code makes clients of, and where."""
    return {
        str(node.args[0].value): f"{file.name}:{node.lineno}"
        for file, node in nodes()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"client", "create_client", "resource"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def imported() -> list[str]:
    """Return what the code imports of others, also inside functions, as statements."""
    found = []
    for _, node in nodes():
        if isinstance(node, ast.Import):
            found += [f"import {name.name}" for name in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found += [f"from {node.module} import {name.name}" for name in node.names]
    return sorted({it for it in found if "__future__" not in it})


def test_every_service_that_the_code_calls_stays() -> None:
    left_out = {name: at for name, at in asked_for().items() if name not in prune_image.SERVICES}
    assert "sqs" in asked_for()
    assert left_out == {}, f"add to SERVICES in docker/prune_image.py: {left_out}"


def missing(statements: list[str]) -> list[str]:
    """Return the modules of packages that statements load and the image leaves out."""
    packages, kept = loaded_by_service()
    _, _, needed = prune_image.loaded(PYTHON, "\n".join(statements))
    return sorted(str(it.relative_to(packages)) for it in needed - kept if packages in it.parents)


def test_everything_that_the_code_imports_stays() -> None:
    statements = imported()
    assert "from benchling_sdk.benchling import Benchling" in statements
    left_out = missing(statements)
    assert left_out == [], f"add their importers to IMPORTED in docker/prune_image.py: {left_out}"


def test_an_import_of_what_was_left_out_is_named() -> None:
    left_out = missing(["from benchling_sdk.models import Plate"])
    assert f"{prune_image.CLIENT}/v2/stable/models/plate.py" in left_out


def test_clients_of_aws_work_on_what_stays(pruned: tuple[Path, dict[str, int]]) -> None:
    packages, _ = pruned
    data = packages / "botocore" / "data"
    for service in prune_image.SERVICES:
        session = botocore.session.Session()
        loader = Loader(extra_search_paths=[str(data)], include_default_search_paths=False)
        session.register_component("data_loader", loader)
        client = session.create_client(
            service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        assert client.meta.service_model.operation_names
    assert {item.name for item in data.iterdir() if item.is_dir()} == prune_image.SERVICES


def test_benchlings_client_works_on_what_stays(pruned: tuple[Path, dict[str, int]]) -> None:
    packages, _ = pruned
    program = f"import sys; sys.path.insert(0, {str(packages)!r})\n{prune_image.service_program()}"
    _, _, files = prune_image.loaded(PYTHON, program)
    assert packages / prune_image.CLIENT / "v2/stable/models/app_canvas_update.py" in files
    assert not any(PYTHON.parent in it.parents for it in files if prune_image.CLIENT in it.parts)


TRACED = """
from src.runtime.settings import Settings
from src.runtime.tracing import span, start_tracing, stop_tracing
start_tracing(Settings(5000, region="us-east-1", tracing=True))
with span("process", parent="00-4efaaf4d1e8720b39541901950019ee5-53995c3f42cd8ad8-01"), span("b"):
    pass
stop_tracing(5)
"""


def test_tracing_works_on_what_stays(
    pruned: tuple[Path, dict[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    packages, saved = pruned
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_ENDPOINT_URL_XRAY", "http://127.0.0.1:9")
    path = f"import sys; sys.path[:0] = {[str(packages), str(SOURCE.parent)]!r}\n"
    # What is exported in vain is logged, before the list of files.
    program = f"{path}import io; sys.stdout, out = io.StringIO(), sys.stdout\n{TRACED}"
    _, _, files = prune_image.loaded(PYTHON, f"{program}sys.stdout = out\n")
    loaded = [it for it in files if prune_image.TELEMETRY in it.parts]
    assert loaded
    assert all(packages in it.parents for it in loaded)
    assert not saved or sum(it.stat().st_size for it in loaded) < 1_000_000


def test_the_savings_are_real(pruned: tuple[Path, dict[str, int]]) -> None:
    packages, saved = pruned
    assert all(saved.values()), saved
    assert saved["Benchling's other models"] > 10_000_000
    assert not list(packages.rglob("other*.pyc"))
    assert not list(packages.rglob("*.opt-1.pyc"))
    assert not list(packages.rglob("*tests*.py"))


def test_the_interpreter_keeps_what_the_service_loads(
    pruned: tuple[Path, dict[str, int]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packages, saved = pruned
    standard = tmp_path / "standard"
    for name in ("json", "turtle"):
        directory = standard / name / "__pycache__"
        directory.mkdir(parents=True)
        for file in ("__init__.cpython-311.pyc", "__init__.cpython-311.opt-2.pyc"):
            (directory / file).write_bytes(b"")
    keep = {standard / "json" / "__init__.py"}
    monkeypatch.setattr(prune_image, "loaded", lambda *_: (packages, standard, keep))
    monkeypatch.setattr(prune_image, "prune", lambda *_: saved)
    assert prune_image.main(PYTHON, tmp_path / "prune-list") == 0
    listed = (tmp_path / "prune-list").read_text().splitlines()
    assert str(standard / "json/__pycache__/__init__.cpython-311.opt-2.pyc") in listed
    assert str(standard / "json/__pycache__/__init__.cpython-311.pyc") not in listed
    assert str(standard / "turtle/__pycache__/__init__.cpython-311.pyc") in listed
    assert str(standard / "test") in listed
