"""A user's home of its own for each test, and a check that nothing runs on in it afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.acceptance.home import Home
from tests.support.isolation import Isolation

REPOSITORY = Path(__file__).resolve().parents[2]


@contextmanager
def made_home(*, cache: Path | None = None) -> Iterator[Home]:
    """Short paths, because a Unix socket's path may have 107 bytes only."""
    folder = Path(tempfile.mkdtemp(prefix="dal-"))
    user = Home(folder, cache=cache)
    try:
        yield user
    finally:
        left_over = user.end_engines()
        shutil.rmtree(folder, ignore_errors=True)
    assert not left_over, f"still running after the test: {left_over}"


@pytest.fixture
def home() -> Iterator[Home]:
    """A user who has just installed Dalston."""
    with made_home() as user:
        yield user


@pytest.fixture(scope="module")
def lasting_home(isolation: Isolation) -> Iterator[Home]:
    """A user for all tests of a file, whose engines' environments all tests share."""
    with made_home(cache=isolation.places["CACHE"]) as user:
        user.environ["PATH"] = f"{user.bin}{os.pathsep}{user.environ['PATH']}"
        yield user


@pytest.fixture(scope="session")
def examples() -> Path:
    return REPOSITORY / "examples"
