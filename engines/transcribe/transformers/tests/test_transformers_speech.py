"""transformers, the real library in its own environment: right words, and the library's texts."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import jiwer
import pytest
from tests.support.engine_fixtures import Models
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import RATE, Speech
from tests.support.recordings import read_wav, write_wav
from tests.support.speech import needs_flite

from dalston_sdk.testing import RunningEngine, check_engine
from dalston_sdk.wire import TranscribeResult

pytestmark = [pytest.mark.slow, needs_flite]  # the library alone takes 10 s to import

TRAINED = ("wav2vec2", "whisper")
RANDOM = (
    *("parakeet-ctc", "omniasr-ctc", "parakeet-tdt", "parakeet-rnnt"),
    *("moonshine", "canary", "cohere"),
    *("qwen3-asr", "omniasr-llm", "granite-speech", "voxtral", "mms"),
)
LANGUAGES = {"mms": "de"}
CHUNK_S = 4.0


def text_of(result: TranscribeResult) -> str:
    text = " ".join(segment.text for segment in result.segments)
    return " ".join(re.sub(r"[^a-z ]", " ", text.lower()).split())


def test_transformers_conforms(
    under_test: EngineUnderTest, models: Models, ctc_speech: Speech
) -> None:
    check_engine(
        under_test.subject(models["wav2vec2"], ctc_speech.wav, other_model=models["parakeet-ctc"])
    )


@pytest.mark.parametrize("batch_size", [1, 4])
@pytest.mark.parametrize("name", TRAINED)
def test_words_and_times_are_right(
    engine: RunningEngine,
    models: Models,
    request: pytest.FixtureRequest,
    name: str,
    batch_size: int,
) -> None:
    speech = request.getfixturevalue("ctc_speech" if name == "wav2vec2" else "whisper_speech")
    result = engine.transcribe(speech.wav, model=models[name], batch_size=batch_size)

    expected = " ".join(re.sub(r"[^a-z ]", " ", speech.text.lower()).split())
    # The tiny wav2vec 2.0 was trained to align: it leaves out letters and spaces.
    assert jiwer.cer(expected, text_of(result)) <= (0.2 if name == "wav2vec2" else 0.05)
    words = [word for segment in result.segments for word in segment.words]
    assert all(type(word.start) is float and type(word.end) is float for word in words)
    assert all(word.start < word.end for word in words)
    assert all(before.end <= after.start for before, after in pairwise(words))
    assert all(0 < (word.confidence or 0) <= 1 for word in words)
    for sentence in speech.sentences:
        inside = [
            word for word in words if sentence.start < (word.start + word.end) / 2 < sentence.end
        ]
        assert abs(inside[0].start - sentence.start) < 0.5
        assert abs(inside[-1].end - sentence.end) < 0.7


def test_whisper_detects_the_language_and_reports_the_regions_as_they_were_found(
    engine: RunningEngine, models: Models, whisper_speech: Speech
) -> None:
    result = engine.transcribe(whisper_speech.wav, model=models["whisper"])
    assert (result.language, next(iter(result.language_scores))) == ("en", "en")
    assert len(result.speech_regions) >= len(whisper_speech.sentences) - 1
    told = engine.transcribe(whisper_speech.wav, model=models["whisper"], languages=("en", "de"))
    assert set(told.language_scores) <= {"en", "de"}


@pytest.fixture(scope="module")
def short(ctc_speech: Speech, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds."""
    samples = read_wav(ctc_speech.wav)[: int(CHUNK_S * RATE)]
    return write_wav(tmp_path_factory.mktemp("short") / "short.wav", samples)


@pytest.fixture(scope="module")
def alone(under_test: EngineUnderTest, models: Models, short: Path) -> dict[str, str]:
    """Return what the library writes without the engine."""
    script = Path(__file__).with_name("library_alone.py")
    folders = [str(models[name].path) for name in RANDOM]
    said = under_test.run(script, short, str(CHUNK_S), *folders)
    texts: dict[str, str] = json.loads(said.splitlines()[-1])
    return texts


@pytest.mark.parametrize("name", RANDOM)
def test_each_family_writes_what_the_library_writes(
    engine: RunningEngine, models: Models, short: Path, alone: dict[str, str], name: str
) -> None:
    language = LANGUAGES.get(name, "en")
    result = engine.transcribe(short, model=models[name], language=language, vad=False)
    text = " ".join(segment.text for segment in result.segments)
    expected, found = alone[name].replace(" ", ""), text.replace(" ", "")
    assert expected
    # The limits of their lengths differ, which random models reach.
    assert found[: len(expected)] == expected[: len(found)]
    assert len(found) >= min(len(expected), 40)


@pytest.mark.parametrize("name", RANDOM)
def test_each_chunk_of_a_batch_gets_what_it_gets_alone(
    engine: RunningEngine, models: Models, ctc_speech: Speech, name: str
) -> None:
    options: dict[str, Any] = {
        "model": models[name],
        "language": LANGUAGES.get(name, "en"),
        "max_speech_s": 3.0,
    }
    single = engine.transcribe(ctc_speech.wav, batch_size=1, vad=False, **options)
    batch = engine.transcribe(ctc_speech.wav, batch_size=4, vad=False, **options)
    assert len(single.segments) > 2
    assert [each.text for each in batch.segments] == [each.text for each in single.segments]
    for one, other in zip(batch.segments, single.segments, strict=True):
        assert (one.start, one.end) == pytest.approx((other.start, other.end), abs=0.02)


def test_canary_is_told_both_languages(engine: RunningEngine, models: Models, short: Path) -> None:
    def written(**options: Any) -> TranscribeResult:
        return engine.transcribe(short, model=models["canary"], vad=False, **options)

    into_english = written(language="de", task="translate")
    assert (into_english.language, into_english.effective["language"]) == ("en", "de")
    assert written(language="fr").language == "fr"
