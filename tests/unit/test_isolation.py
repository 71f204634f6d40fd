"""The check at the end of a run of tests finds what was left, and only that."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.isolation import PLACES, USERS_DOCKER, Isolation

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
    others = {name: value for name, value in os.environ.items() if not name.startswith("DALSTON_")}
    users = Locations.from_environment(others)
    for folder in (users.config, users.cache, users.state, users.models, users.runtime):
        assert folder.is_relative_to(isolation.user)


def test_no_test_sees_a_docker_daemon_of_the_users() -> None:
    daemon = Daemon()
    assert daemon.socket is not None
    assert not daemon.socket.exists()
    assert not set(USERS_DOCKER) & set(os.environ)


def test_nothing_is_found_where_nothing_is_left(place: Isolation) -> None:
    (place.root / "state").mkdir()
    (place.temporary / "uv-setuptools-3e7d5fe0e02bd3f2.lock").touch()  # uv's own, which it leaves
    assert place.left_over(end_s=0) == []


def test_files_and_sockets_are_named(place: Isolation) -> None:
    (place.temporary / "forgotten.wav").touch()
    (place.places["RUNTIME"] / "fake-0").mkdir(parents=True)

    assert [line.rpartition("/")[2] for line in place.left_over(end_s=0)] == [
        "forgotten.wav",
        "fake-0",
    ]


def test_processes_are_named_and_ended(place: Isolation) -> None:
    with other_process(place, Path("nothing")) as process:
        [found] = place.left_over(end_s=0)
        assert found.startswith(f"process {process.pid}: ")
        place.close()
        assert process.wait(20) != 0
    assert not place.root.exists()


def test_what_was_written_into_the_users_folders_is_named(place: Isolation) -> None:
    (place.user / "state_home" / "dalston").mkdir(parents=True)
    (place.user / "cache_home" / "fontconfig").mkdir(parents=True)
    [found] = place.left_over(end_s=0)
    assert found.endswith("user/state_home/dalston")


def test_another_run_of_tests_beside_this_one_does_not_count(tmp_path: Path) -> None:
    mine, others = tmp_path / "pytest-1", tmp_path / "pytest-10"
    place, other = Isolation((mine,)), Isolation((others,))
    try:
        with other_process(other, others / "audio.wav") as process:
            assert place.left_over(end_s=0) == []
            assert [found.pid for found in other.processes()] == [process.pid]
    finally:
        place.close()
        other.close()


@contextmanager
def other_process(place: Isolation, argument: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that was started within ``place`` and waits."""
    program = "import sys; print('here', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, argument],
        env={**os.environ, **place.environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
