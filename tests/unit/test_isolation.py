"""The check at the end of a run of tests finds what was left, and only that."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.isolation import PLACES, USERS_DOCKER, Isolation, own_folders, snapshot

from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.settings.locations import Locations


@pytest.fixture
def place() -> Iterator[Isolation]:
    made = Isolation()
    yield made
    made.close()


def test_every_test_has_folders_that_are_not_the_users(isolation: Isolation) -> None:
    # Some tests move these folders again, but none of them back.
    assert {os.environ[f"DALSTON_{name}_DIR"] for name in PLACES} == {
        str(folder) for folder in isolation.places.values()
    }
    mine = Locations.from_environment()
    assert not set(own_folders({})) & {mine.config, mine.cache, mine.state, mine.models}


def test_no_test_sees_a_docker_daemon_of_the_users() -> None:
    daemon = Daemon()
    assert daemon.socket is not None
    assert not daemon.socket.exists()
    assert not set(USERS_DOCKER) & set(os.environ)


def test_nothing_is_found_where_nothing_is_left(place: Isolation) -> None:
    (place.root / "state").mkdir()
    assert place.left_over(end_s=0) == []


def test_files_and_sockets_are_named(place: Isolation) -> None:
    (place.temporary / "forgotten.wav").touch()
    (place.places["RUNTIME"] / "fake-0").mkdir(parents=True)

    assert [line.rpartition("/")[2] for line in place.left_over(end_s=0)] == [
        "forgotten.wav",
        "fake-0",
    ]


def test_processes_are_named_and_ended(place: Isolation) -> None:
    command = [sys.executable, "-c", "import sys; print('here', flush=True); sys.stdin.read()"]
    with subprocess.Popen(
        command,
        env={**os.environ, **place.environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        [found] = place.left_over(end_s=0)
        assert found.startswith(f"process {process.pid}: ")
        place.close()
        assert process.wait(20) != 0
    assert not place.root.exists()


def test_changes_below_the_users_folders_are_seen(tmp_path: Path) -> None:
    (tmp_path / "state" / "logs").mkdir(parents=True)
    folders = (tmp_path / "state", tmp_path / "missing")
    before = snapshot(folders)
    assert set(before) == {tmp_path / "state" / "logs"}

    (tmp_path / "state" / "logs" / "fake").mkdir()

    changed = {path for path, when in snapshot(folders).items() if before.get(path) != when}
    assert changed == {tmp_path / "state" / "logs", tmp_path / "state" / "logs" / "fake"}
