"""nemo gives the same words and times in a container as outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.docker.image_builds import ImageBuilds
from tests.docker.user import DockerUser, made_user
from tests.support.engine_under_test import EngineUnderTest
from tests.support.isolation import Isolation
from tests.support.speech import needs_flite, say
from tests.support.tiny_weights import tiny_weights
from tests.support.tiny_whisper import transcribing, transcript_of

pytestmark = [pytest.mark.slow, needs_flite]

MODEL = "tiny-nemo"
BUILD_S = 1200
SENTENCE = "please send the letter to alice on monday"
ENTRY = {
    "id": MODEL,
    "engine": "nemo",
    "runtime_model_id": "nvidia/parakeet-tdt-0.6b-v2",
    "stages": ["transcribe"],
    "name": "A tiny recogniser that knows flite's voices",
    "languages": ["en"],
    "licence": "Apache-2.0",
    "size_mb": 7,
    "rank": 5,
    "capabilities": {"word_timestamps": True},
}


@pytest.fixture(scope="module")
def user(
    docker_daemon: str, image_builds: ImageBuilds, isolation: Isolation
) -> Iterator[DockerUser]:
    """A user whose catalog has a tiny Parakeet and its weights, and whose image is built."""
    image_builds.wait("nemo")
    with made_user(docker_daemon, cache=isolation.places["CACHE"]) as made:
        catalog = made.folder / "catalog"
        catalog.mkdir()
        weights = tiny_weights(EngineUnderTest("transcribe/nemo"), made.folder / "weights")
        entry = ENTRY | {"source": {"kind": "file", "path": str(weights / "tdt")}}
        (catalog / f"{MODEL}.yaml").write_text(yaml.safe_dump(entry), encoding="utf-8")
        made.environ["DALSTON_CATALOG_PATH"] = str(catalog)
        linked = made.run("models", "pull", MODEL)
        assert linked.returncode == 0, linked.stderr
        built = made.run("engines", "build", "nemo", timeout_s=BUILD_S)
        assert built.returncode == 0, built.stderr
        yield made


def test_nemo_gives_the_same_inside_and_outside(user: DockerUser, tmp_path: Path) -> None:
    speech = say(SENTENCE, tmp_path / "speech.wav")

    inside = transcript_of(user, speech, tmp_path / "docker", model=MODEL)
    outside = transcript_of(
        *(user, speech, tmp_path / "local", "--launcher", "local", "--overwrite"), model=MODEL
    )

    assert inside["text"] == SENTENCE
    assert transcribing(inside)["launcher"] == "docker"
    assert transcribing(outside)["launcher"] == "local"
    assert inside["segments"] == outside["segments"]
