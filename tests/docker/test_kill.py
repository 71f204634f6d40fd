"""``docker kill`` of an engine in mid-work, again and again: every recording is finished."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from docker.errors import APIError, NotFound
from tests.docker.user import DockerUser, made_user
from tests.support.speech import needs_flite, say_long

pytestmark = [pytest.mark.slow, needs_flite]

PATIENCE_S = 240
NUM_KILLS = 8
NUM_KILLS_AT_START = 2
NUM_RECORDINGS = 3
MOST_KILLS_PER_RECORDING = 3


@pytest.fixture
def user(docker_daemon: str) -> Iterator[DockerUser]:
    with made_user(docker_daemon) as made:
        yield made


class Killer:
    """Kills the engine in the middle of its work, as often as each recording is to bear."""

    def __init__(self, user: DockerUser) -> None:
        self._user = user
        self._borne: dict[str, int] = {}
        self.killed: list[str] = []

    def see(self, recording: str) -> None:
        """An engine works on ``recording`` now."""
        borne = self._borne.get(recording, 0)
        if borne >= MOST_KILLS_PER_RECORDING or len(self.killed) >= NUM_KILLS:
            return
        for container in self._user.containers("pocketsphinx"):
            with suppress(APIError, NotFound):  # it ended meanwhile
                container.kill()
                self.killed.append(str(container.id))
                self._borne[recording] = borne + 1


def test_every_recording_is_finished(user: DockerUser, tmp_path: Path) -> None:
    recordings = say_long(tmp_path / "in", NUM_RECORDINGS)
    killer = Killer(user)

    process = user.start(
        *("transcribe", tmp_path / "in", "-o", tmp_path / "out", "-f", "json"),
        *("--align", "never", "--max-speech", "3", "--json"),  # so that progress is told often
    )
    assert process.stdout is not None
    events = []
    for line in process.stdout:
        event = json.loads(line)
        events.append(event)
        if event.get("event") == "stage_progress" and event["stage"] == "transcribe":
            killer.see(event["recording"])
    _, errors = process.communicate(timeout=180)

    assert process.returncode == 0, errors
    assert len(set(killer.killed)) == NUM_KILLS, "each was another container"
    assert events[-1]["data"]["counts"] == {"done": NUM_RECORDINGS}
    for recording in recordings:
        text = (tmp_path / "out" / f"{recording.stem}.json").read_text(encoding="utf-8")
        assert json.loads(text)["text"]
    assert len(list((tmp_path / "out").iterdir())) == NUM_RECORDINGS, "no temporary file is left"
    assert len(user.containers()) == 1


def test_a_kill_while_it_starts_costs_nothing(user: DockerUser, tmp_path: Path) -> None:
    say_long(tmp_path / "in", 1)

    process = user.start("transcribe", tmp_path / "in", "-o", tmp_path / "out", "--json")
    assert process.stdout is not None
    killed: list[str] = []
    for line in process.stdout:
        event = json.loads(line)
        if event.get("event") == "engine_starting" and event["step"] == "process":
            killed += kill_the_first(user) if len(killed) < NUM_KILLS_AT_START else []
    _, errors = process.communicate(timeout=180)

    assert len(killed) == NUM_KILLS_AT_START
    assert process.returncode == 0, errors


def kill_the_first(user: DockerUser) -> list[str]:
    """Wait for a container of pocketsphinx and kill it."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for container in user.containers("pocketsphinx"):
            container.kill()
            return [str(container.id)]
    return []
