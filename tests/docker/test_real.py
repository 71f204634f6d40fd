"""Real weights on real speech give the same words in a container as outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docker.user import DockerUser, made_user
from tests.support.isolation import Isolation
from tests.support.real_speech import SPEECH, needs_real_speech, pull_real, transcribe, words_of

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,  # real weights
    needs_real_speech,
]


@pytest.fixture(scope="module")
def user(docker_daemon: str, isolation: Isolation) -> Iterator[DockerUser]:
    cache = isolation.places["CACHE"]
    with made_user(docker_daemon, cache=cache, models=cache / "models") as made:
        made.environ["DALSTON_WEIGHTS_FROM"] = "index"
        yield made


def test_words_and_times_are_the_same_inside_and_outside(user: DockerUser, tmp_path: Path) -> None:
    model = pull_real(user, "faster-whisper-tiny.en")
    options = ("--model", model, "--overwrite", "--launcher")
    found = [
        words_of(transcribe(user, SPEECH / "jfk.wav", tmp_path / launcher, *options, launcher))
        for launcher in ("docker", "local")
    ]
    assert found[0] == found[1]
    assert len(found[0]) > 20
