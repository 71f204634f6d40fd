"""The commands of the documentation that need Docker work as they are written."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docker.user import DockerUser, made_user
from tests.support.documents import DOCUMENTS, Command, commands_of
from tests.support.isolation import Isolation
from tests.support.recordings import EXAMPLES, ffmpeg

pytestmark = pytest.mark.slow

COMMANDS = [
    command
    for document in DOCUMENTS
    for command in commands_of(document)
    if command.needs_docker and not command.needs_gpu
]
TIMEOUT_S = 600


@pytest.fixture(scope="module")
def user(docker_daemon: str, isolation: Isolation) -> Iterator[DockerUser]:
    with made_user(docker_daemon, cache=isolation.places["CACHE"]) as made:
        made.environ["PATH"] = f"{made.bin}{os.pathsep}{made.environ['PATH']}"
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files that the documentation speaks of."""
    work = tmp_path / "work"
    shutil.copytree(EXAMPLES, work / "recordings")
    ffmpeg("-i", EXAMPLES / "call.wav", work / "interview.mp3")
    return work


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.file}:{command.line}")
def test_a_command_works_as_it_is_written(user: DockerUser, folder: Path, command: Command) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command.text],
        cwd=folder,
        env=user.environ,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert done.stdout or done.stderr, f"{command}: says nothing"
