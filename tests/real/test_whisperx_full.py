"""The transcribing part of a bundle with the real weights of Whisper base, on real speech.

Aligner and speakers of the bundle are the tests' own and are not asked for.
"""

from pathlib import Path
from typing import Any

import jiwer
import pytest
import yaml
from tests.acceptance.home import Home
from tests.support.engine_under_test import ROOT, EngineUnderTest
from tests.support.real_speech import needs_real_speech, spoken_clips, transcribe
from whisper_normalizer.english import EnglishTextNormalizer

pytestmark = [
    pytest.mark.network,
    pytest.mark.slow,  # real weights, and an environment with PyTorch
    needs_real_speech,
]

UNDER_TEST = EngineUnderTest("multi/whisperx-full")
ALIGNER = ROOT / "engines/align/whisperx-align/tests/data/tiny-wav2vec2-flite"
MODEL = "whisperx-base"
ENTRY: dict[str, Any] = {
    "id": MODEL,
    "engine": "whisperx-full",
    "runtime_model_id": MODEL,
    "stages": ["transcribe", "align", "diarize"],
    "name": "Whisper base in a bundle",
    "languages": ["en"],
    "stage_languages": {"align": ["en"], "diarize": []},
    "licence": "MIT",
    "size_mb": 150,
    "capabilities": {"punctuation": True, "language_detection": True},
}


@pytest.fixture(scope="module")
def bundle(real_user: Home, base: str) -> str:
    """The id of the bundle, which the user's catalog has."""
    whisper = real_user.models / "faster-whisper" / base
    made, catalog = real_user.folder / "bundle", real_user.folder / "catalog"
    UNDER_TEST.run(UNDER_TEST.folder / "tests" / "tiny.py", made, whisper, ALIGNER)
    catalog.mkdir()
    entry = ENTRY | {"source": {"kind": "file", "path": str(made)}}
    (catalog / f"{MODEL}.yaml").write_text(yaml.safe_dump(entry), encoding="utf-8")
    real_user.environ["DALSTON_CATALOG_PATH"] = str(catalog)
    return MODEL


def test_words_of_real_people_are_right(real_user: Home, bundle: str, tmp_path: Path) -> None:
    normalise = EnglishTextNormalizer()
    references, texts = [], []
    for clip in spoken_clips():
        transcript = transcribe(
            real_user, clip, tmp_path, "--model", bundle, "--language", "en", "--align", "never"
        )
        references.append(normalise(clip.with_suffix(".txt").read_text(encoding="utf-8")))
        texts.append(normalise(transcript["text"]))
    assert jiwer.wer(references, texts) <= 0.03, texts
