"""whisperx-align in a container finds the same words at the same times as outside."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.docker.user import DockerUser, made_user
from tests.support.engine_under_test import ROOT
from tests.support.isolation import Isolation
from tests.support.speech import needs_flite, say
from tests.support.tiny_onnx import SENTENCE
from tests.support.tiny_whisper import transcript_of

pytestmark = [pytest.mark.slow, needs_flite]

MODEL = "tiny-aligner"
BUILD_S = 900
"""PyTorch is large, and other tests may be running beside this one."""
DATA = ROOT / "engines/align/whisperx-align/tests/data/tiny-wav2vec2-flite"


@pytest.fixture(scope="module")
def user(docker_daemon: str, isolation: Isolation) -> Iterator[DockerUser]:
    """Whose catalog knows a tiny aligner, and where its weights are."""
    with made_user(docker_daemon, cache=isolation.places["CACHE"]) as made:
        weights, catalog = made.folder / "wav2vec2", made.folder / "catalog"
        shutil.copytree(DATA, weights, ignore=shutil.ignore_patterns("training"))
        catalog.mkdir()
        entry = {
            "id": MODEL,
            "engine": "whisperx-align",
            "runtime_model_id": MODEL,
            "stages": ["align"],
            "name": "Tiny wav2vec 2.0",
            "languages": ["en"],
            "licence": "Apache-2.0",
            "source": {"kind": "file", "path": str(weights)},
            "size_mb": 1,
        }
        (catalog / f"{MODEL}.yaml").write_text(yaml.safe_dump(entry), encoding="utf-8")
        made.environ["DALSTON_CATALOG_PATH"] = str(catalog)
        linked = made.run("models", "pull", MODEL)
        assert linked.returncode == 0, linked.stderr
        for engine in ("pocketsphinx", "whisperx-align"):
            built = made.run("engines", "build", engine, timeout_s=BUILD_S)
            assert built.returncode == 0, built.stderr
        yield made


def aligning(transcript: Mapping[str, Any]) -> dict[str, Any]:
    (stage,) = [each for each in transcript["stages"] if each["stage"] == "align"]
    return dict(stage)


def test_it_aligns_the_same_inside_and_outside(user: DockerUser, tmp_path: Path) -> None:
    speech = say(SENTENCE, tmp_path / "speech.wav")
    always = ("--align", "always", "--align-model", MODEL)

    inside = transcript_of(user, speech, tmp_path / "docker", *always, model="pocketsphinx-en-us")
    outside = transcript_of(
        *(user, speech, tmp_path / "local", *always, "--launcher", "local", "--overwrite"),
        model="pocketsphinx-en-us",
    )

    assert aligning(inside)["status"] == aligning(outside)["status"] == "done", json.dumps(inside)
    assert aligning(inside)["launcher"] == "docker"
    assert aligning(outside)["launcher"] == "local"
    assert inside["segments"] == outside["segments"]
    words = [word for segment in inside["segments"] for word in segment["words"]]
    assert words
    assert not any(word.get("interpolated") for word in words)
