"""Folders of its own for every test, so that none sees the user's settings or models."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Point every folder of Dalston below ``tmp_path`` and make a working folder current.

    The runtime folder is elsewhere: sockets need short paths.
    """
    for name in ("CONFIG", "CACHE", "STATE", "MODELS"):
        monkeypatch.setenv(f"DALSTON_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.delenv("DALSTON_DEBUG", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    with tempfile.TemporaryDirectory(prefix="dal-") as runtime:
        monkeypatch.setenv("DALSTON_RUNTIME_DIR", f"{runtime}/run")
        yield tmp_path
