import subprocess
import sys

import pytest

from .test_services import ROOT


@pytest.mark.parametrize("work", ["lambda: None", "lambda: 1 / 0", "sys.exit"])
def test_a_thread_that_ends_ends_the_process_and_says_so(work):
    program = (
        "import sys, time; from src.background import run_in_background;"
        f" run_in_background('senders', {work}); time.sleep(20)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=15,
    )
    assert ended.returncode == 70
    assert "background thread ended" in ended.stdout
    assert "senders" in ended.stdout
