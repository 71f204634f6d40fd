"""Processes of tests end by Ctrl-C and SIGHUP, also where these are ignored, as by ``nohup``."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESTORE = "from tests.support import interrupts; interrupts.let_children_be_interrupted(); "
CHILD = "import signal; print([repr(signal.getsignal(n)) for n in (signal.SIGINT, signal.SIGHUP)])"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"


@pytest.mark.parametrize(
    ("program", "answers"),
    [
        pytest.param(PARENT, ["SIG_IGN", "SIG_IGN"], id="inherited"),
        pytest.param(RESTORE + PARENT, ["default_int_handler", "SIG_DFL"], id="restored"),
    ],
)
def test_an_ignored_ctrl_c_is_not_inherited(program: str, answers: list[str]) -> None:
    done = subprocess.run(
        ["bash", "-c", 'trap "" INT HUP; exec "$@"', "bash", sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = ast.literal_eval(done.stdout)
    assert all(answer in each for answer, each in zip(answers, found, strict=True))
