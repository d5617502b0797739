import pytest

from .test_app import python


@pytest.mark.parametrize("work", ["lambda: None", "lambda: 1 / 0", "sys.exit"])
def test_ended_thread_ends_the_process_and_is_logged(work):
    program = (
        "import sys, time; from src.runtime.background import run_in_background;"
        f" run_in_background('senders', {work}); time.sleep(20)"
    )
    ended = python(program)
    assert ended.returncode == 70
    assert "thread.ended" in ended.stdout
    assert "senders" in ended.stdout
