"""Folders of Dalston: where they are, and which have one for each state folder."""

import os
import pwd
import tempfile
from pathlib import Path

import pytest

from dalston_cli.settings.locations import Locations


@pytest.fixture(autouse=True)
def _no_places(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("runtime", ["", "/run/user/1"])
def test_each_state_folder_has_a_runtime_folder_of_its_own(runtime: str) -> None:
    given = {"XDG_RUNTIME_DIR": runtime} if runtime else {}
    parent, usual = Path(runtime or tempfile.gettempdir()), f"dalston-{os.getuid()}"
    if runtime:
        usual = "dalston"
    state = Path(pwd.getpwuid(os.getuid()).pw_dir) / ".local" / "state" / "dalston"

    found = {
        name: Locations.from_environment({**given, "DALSTON_STATE_DIR": place}).runtime
        for name, place in {"usual": str(state), "a": "/srv/a", "b": "/srv/b"}.items()
    }

    assert found["usual"] == parent / usual
    assert len({*found.values()}) == 3
    assert {path.parent for path in found.values()} == {parent}
    assert all(len(path.name) <= len(usual) + 9 for path in found.values())


def test_a_runtime_folder_that_was_named_is_taken() -> None:
    given = {"DALSTON_RUNTIME_DIR": "/run/mine", "DALSTON_STATE_DIR": "/srv/a"}
    assert Locations.from_environment(given).runtime == Path("/run/mine")
