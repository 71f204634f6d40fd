"""A user's home of its own for each test, and a check that nothing runs on in it afterwards."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.home import Home, leaving, short_folder
from tests.support.isolation import Isolation

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def home() -> Iterator[Home]:
    """A user who has just installed Dalston."""
    with leaving(Home(short_folder())) as user:
        yield user


@pytest.fixture(scope="module")
def lasting_home(isolation: Isolation) -> Iterator[Home]:
    """A user for all tests of a file; environments and stored results are those of all files.

    What one file had transcribed, the next one need not recognise again.
    """
    shared = {"cache": isolation.places["CACHE"], "state": isolation.places["STATE"]}
    with leaving(Home(short_folder(), **shared)) as user:
        user.environ["PATH"] = f"{user.bin}{os.pathsep}{user.environ['PATH']}"
        yield user


@pytest.fixture(scope="session")
def examples() -> Path:
    return REPOSITORY / "examples"
