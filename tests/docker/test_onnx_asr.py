"""onnx-asr gives the same words and times in a container as outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.docker.image_builds import ImageBuilds
from tests.docker.user import DockerUser, made_user
from tests.support.isolation import Isolation
from tests.support.onnx_models.families import make_transducer
from tests.support.speech import needs_flite, say
from tests.support.tiny_onnx import ENTRY, MODEL, SENTENCE
from tests.support.tiny_whisper import transcribing, transcript_of

pytestmark = [pytest.mark.slow, needs_flite]


@pytest.fixture(scope="module")
def user(
    docker_daemon: str, image_builds: ImageBuilds, isolation: Isolation
) -> Iterator[DockerUser]:
    """A user whose catalog has a tiny Parakeet and its weights, and whose image is built."""
    image_builds.wait("onnx-asr")
    with made_user(docker_daemon, cache=isolation.places["CACHE"]) as made:
        weights, catalog = made.folder / "tdt", made.folder / "catalog"
        weights.mkdir()
        catalog.mkdir()
        make_transducer(weights, kind="tdt")
        entry = ENTRY | {"source": {"kind": "file", "path": str(weights)}}
        (catalog / f"{MODEL}.yaml").write_text(yaml.safe_dump(entry), encoding="utf-8")
        made.environ["DALSTON_CATALOG_PATH"] = str(catalog)
        linked = made.run("models", "pull", MODEL)
        assert linked.returncode == 0, linked.stderr
        yield made


def test_onnx_asr_gives_the_same_inside_and_outside(user: DockerUser, tmp_path: Path) -> None:
    speech = say(SENTENCE, tmp_path / "speech.wav")

    inside = transcript_of(user, speech, tmp_path / "docker", model=MODEL)
    outside = transcript_of(
        *(user, speech, tmp_path / "local", "--launcher", "local", "--overwrite"), model=MODEL
    )

    assert inside["text"] == SENTENCE
    assert transcribing(inside)["launcher"] == "docker"
    assert transcribing(outside)["launcher"] == "local"
    assert inside["segments"] == outside["segments"]
