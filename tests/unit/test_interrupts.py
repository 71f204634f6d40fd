"""Processes of tests end by Ctrl-C, also where it is ignored, as in a background job."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESTORE = "from tests.support import interrupts; interrupts.let_children_be_interrupted(); "
CHILD = "import signal; print(signal.getsignal(signal.SIGINT).__repr__())"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        pytest.param(PARENT, "Handlers.SIG_IGN", id="inherited"),
        pytest.param(RESTORE + PARENT, "default_int_handler", id="restored"),
    ],
)
def test_an_ignored_ctrl_c_is_not_inherited(program: str, answer: str) -> None:
    done = subprocess.run(
        ["bash", "-c", 'trap "" INT; exec "$@"', "bash", sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer in done.stdout
