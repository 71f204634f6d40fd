"""pyannote in a container hears the same speakers as outside, at the same times."""

import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.docker.user import DockerUser, made_user
from tests.support.engine_under_test import ROOT, EngineUnderTest
from tests.support.isolation import Isolation
from tests.support.speech import SENTENCES, needs_flite, say

pytestmark = [pytest.mark.slow, needs_flite]

MODEL = "tiny-pyannote"
BUILD_S = 1200
"""An image with PyTorch takes minutes on a busy machine."""
TINY = ROOT / "engines" / "diarize" / "pyannote" / "tests" / "tiny.py"
ENTRY = {
    "id": MODEL,
    "engine": "pyannote",
    "runtime_model_id": MODEL,
    "stages": ["diarize"],
    "name": "A tiny pipeline that knows flite's voices",
    "licence": "Apache-2.0",
    "size_mb": 12,
}


@pytest.fixture(scope="module")
def user(docker_daemon: str, isolation: Isolation) -> Iterator[DockerUser]:
    """Whose catalog knows a tiny pipeline, and where its weights are."""
    with made_user(docker_daemon, cache=isolation.places["CACHE"]) as made:
        weights, catalog = made.folder / "weights", made.folder / "catalog"
        catalog.mkdir()
        EngineUnderTest("diarize/pyannote").run(TINY, weights)
        entry = ENTRY | {"source": {"kind": "file", "path": str(weights / "community")}}
        (catalog / f"{MODEL}.yaml").write_text(yaml.safe_dump(entry), encoding="utf-8")
        made.environ["DALSTON_CATALOG_PATH"] = str(catalog)
        linked = made.run("models", "pull", MODEL)
        assert linked.returncode == 0, linked.stderr
        for engine in ("pocketsphinx", "pyannote"):
            built = made.run("engines", "build", engine, timeout_s=BUILD_S)
            assert built.returncode == 0, built.stderr
        yield made


def test_pyannote_hears_the_same_inside_and_outside(user: DockerUser, tmp_path: Path) -> None:
    speech = _dialogue(tmp_path)

    inside = _diarized(user, speech, tmp_path / "docker")
    outside = _diarized(user, speech, tmp_path / "local", "--launcher", "local", "--overwrite")

    assert _diarizing(inside)["launcher"] == "docker"
    assert _diarizing(outside)["launcher"] == "local"
    assert {turn["speaker"] for turn in inside["turns"]} == {"SPEAKER_00", "SPEAKER_01"}
    assert inside["turns"] == outside["turns"]


def _dialogue(folder: Path) -> Path:
    """A woman and a man, two sentences each."""
    samples = b""
    for number, sentence in enumerate(SENTENCES[:4]):
        part = say(sentence, folder / "part.wav", voice=("slt", "rms")[number % 2])
        with wave.open(str(part), "rb") as file:
            samples += file.readframes(file.getnframes()) + bytes(16_000)
    with wave.open(str(folder / "dialogue.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples)
    return folder / "dialogue.wav"


def _diarized(user: DockerUser, speech: Path, out: Path, *options: str) -> dict[str, Any]:
    """The transcript, its text by the bundled model."""
    done = user.run(
        *("transcribe", speech, "-m", "pocketsphinx-en-us", "-o", out, "-f", "json"),
        *("--diarize", "--diarize-model", MODEL, *options),
    )
    assert done.returncode == 0, done.stderr
    transcript: dict[str, Any] = json.loads((out / "dialogue.json").read_text(encoding="utf-8"))
    return transcript


def _diarizing(transcript: dict[str, Any]) -> dict[str, Any]:
    """What the transcript says of finding speakers."""
    [stage] = [each for each in transcript["stages"] if each["stage"] == "diarize"]
    found: dict[str, Any] = stage
    return found
