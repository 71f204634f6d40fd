"""Folders of its own for every test, so that none sees the user's settings or models."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.terminal import Shell
from tests.support.in_process import run_dalston
from tests.support.places import folder_variables


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Point every folder of Dalston below ``tmp_path`` and make a working folder current.

    The runtime folder is elsewhere: sockets need short paths.
    """
    monkeypatch.delenv("DALSTON_DEBUG", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    with tempfile.TemporaryDirectory(prefix="dal-") as runtime:
        for name, place in folder_variables(tmp_path, runtime=Path(runtime) / "run").items():
            monkeypatch.setenv(name, place)
        yield tmp_path


@pytest.fixture(scope="module")
def lasting_runtime() -> Iterator[Path]:
    """A folder in which an engine of one test is found by the next; it takes a second to start."""
    with tempfile.TemporaryDirectory(prefix="dal-") as folder:
        runtime = Path(folder) / "run"
        yield runtime
        environ = {**os.environ, "DALSTON_RUNTIME_DIR": str(runtime)}
        stopped = run_dalston("engines", "stop", "--all", environ=environ)
        assert stopped.returncode == 0, stopped.stderr


@pytest.fixture
def warm_shell(home: Path, lasting_runtime: Path) -> Shell:
    """A shell with folders of its own, and with the engines of the module's other tests."""
    shell = Shell(home, home / "work")
    shell.environ["DALSTON_RUNTIME_DIR"] = str(lasting_runtime)
    return shell
