"""Folders of its own for every test, so that none sees the user's settings or models."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point every folder of Dalston below ``tmp_path`` and make a working folder current."""
    for name in ("CONFIG", "CACHE", "STATE", "MODELS", "RUNTIME"):
        monkeypatch.setenv(f"DALSTON_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.delenv("DALSTON_DEBUG", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return tmp_path
