"""Folders of its own for every test, so that none sees the user's settings or models."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
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
