"""A user's home of its own for each test, and a check that nothing runs on in it afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.home import Home

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def home() -> Iterator[Home]:
    """Short paths, because a Unix socket's path may have 107 bytes only."""
    folder = Path(tempfile.mkdtemp(prefix="dal-"))
    user = Home(folder)
    try:
        yield user
    finally:
        left_over = user.end_engines()
        shutil.rmtree(folder, ignore_errors=True)
    assert not left_over, f"still running after the test: {left_over}"


@pytest.fixture(scope="session")
def examples() -> Path:
    return REPOSITORY / "examples"
