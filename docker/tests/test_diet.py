"""What the image leaves out is nothing that the code asks for."""

import ast
import shutil
from pathlib import Path

import botocore
import botocore.session
import pytest
from botocore.loaders import Loader

from diet import SERVICES, leave_out, main

SOURCE = Path(__file__).parent.parent / "src"
DATA = Path(botocore.__file__).parent / "data"


def asked_for() -> dict[str, str]:
    """Return the AWS services that the code makes clients of, and where."""
    found = {}
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"client", "resource"}
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                found[str(node.args[0].value)] = f"{file.name}:{node.lineno}"
    return found


def test_every_service_that_the_code_calls_stays() -> None:
    left_out = {name: at for name, at in asked_for().items() if name not in SERVICES}
    assert "sqs" in asked_for()
    assert left_out == {}, f"add to SERVICES in docker/diet.py: {left_out}"


@pytest.fixture
def trimmed(tmp_path: Path) -> Path:
    data = tmp_path / "botocore" / "data"
    data.mkdir(parents=True)
    for item in DATA.iterdir():
        if item.is_file():
            shutil.copy(item, data)
        elif item.name in {*SERVICES, "ec2"}:
            shutil.copytree(item, data / item.name)
    assert leave_out(data) > 0
    return data


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_clients_work_on_what_stays(trimmed: Path, service: str) -> None:
    session = botocore.session.Session()
    session.register_component(
        "data_loader", Loader(extra_search_paths=[str(trimmed)], include_default_search_paths=False)
    )
    client = session.create_client(
        service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    assert client.meta.service_model.operation_names


def test_nothing_else_stays(trimmed: Path) -> None:
    assert {item.name for item in trimmed.iterdir() if item.is_dir()} == SERVICES
    assert (trimmed / "endpoints.json").exists() or (trimmed / "endpoints.json.gz").exists()


def test_an_environment_without_botocore_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(tmp_path) == 0
    assert "not there" in capsys.readouterr().out
