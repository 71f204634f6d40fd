"""A container's engine writes what a local process's does, however the run goes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docker.user import made_user
from tests.support.isolation import Isolation
from tests.support.speech import needs_flite, say_many
from tests.support.switches import SWITCHES, Choice, Combination, Trial, tried

pytestmark = [pytest.mark.slow, needs_flite]

LAUNCHERS = {"launcher": (Choice(("--launcher", "docker")), Choice(("--launcher", "local")))}


@pytest.fixture(scope="module")
def spoken(
    docker_daemon: str, isolation: Isolation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Trial]:
    folder: Path = tmp_path_factory.mktemp("spoken")
    say_many(folder, 3)
    with made_user(docker_daemon, cache=isolation.places["CACHE"]) as user:
        words = ("--model", "pocketsphinx-en-us", "-f", "txt,json,srt")
        yield Trial(user=user, recordings=folder, words=words, keys_differ=True)


@tried(2, {**SWITCHES, **LAUNCHERS})
def test_a_container_hears_the_same(spoken: Trial, combination: Combination) -> None:
    spoken.check(combination)
