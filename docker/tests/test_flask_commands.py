"""Flask's own commands, as somebody in the image runs them: FLASK_APP is set, little else."""

import os
import subprocess
import sys

import pytest

from .test_app import ROOT

pytestmark = pytest.mark.slow


def flask_command(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "flask", *arguments],
        check=False,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "FLASK_APP": "src.app", **environment},
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_flask_lists_the_routes_without_settings():
    listed = flask_command("routes")
    assert (listed.returncode, listed.stderr) == (0, "")
    for path in ("/", "/event", "/canvas", "/lifecycle", "/health", "/openapi.json"):
        assert f" {path} " in f"{listed.stdout} ".replace("\n", " \n")
    assert "Show the routes for the app" in flask_command("--help").stdout


def test_flask_reports_invalid_settings_without_a_trace():
    ended = flask_command("routes", PORT="none", LOG_LEVEL="loud")
    assert ended.returncode != 0
    for name in ("PORT 'none'", "LOG_LEVEL 'LOUD'"):
        assert name in ended.stderr
    assert "Traceback" not in ended.stderr
