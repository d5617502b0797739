"""The version, wherever it is written."""

import json
import tomllib
from pathlib import Path

from src.runtime.version import VERSION


def test_the_version_is_the_same_wherever_it_is_written():
    docker = Path(__file__).parents[1]
    project = tomllib.loads((docker / "pyproject.toml").read_text())["project"]
    described = json.loads((docker / "src/webhook/openapi.json").read_text())["info"]
    assert project["version"] == described["version"] == VERSION
