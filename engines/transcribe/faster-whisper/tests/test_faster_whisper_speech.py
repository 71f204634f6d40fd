"""faster-whisper, the real library in its own environment: right words at the right times."""

import math
import re
import struct
import wave
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jiwer
import pytest
from tests.support.speech import needs_flite

from dalston_cli.catalog.schema import EngineEntry
from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import StartLine, Subject, check_engine
from dalston_sdk.wire import ErrorCode, ModelRef

pytestmark = needs_flite


def normalise(text: str) -> str:
    return " ".join(re.sub(r"[^a-z ]", " ", text.lower()).split())


@pytest.mark.slow
def test_faster_whisper_conforms(
    entry: EngineEntry,
    start_line: Callable[[str], StartLine],
    model: ModelRef,
    speech: Any,
    tmp_path: Path,
) -> None:
    other = tmp_path / "other"
    other.symlink_to(Path(model.path or ""))
    stages = {stage: frozenset(support.options) for stage, support in entry.stages.items()}
    check_engine(
        Subject(
            start=start_line("cpu"),
            model=model,
            other_model=ModelRef(runtime_id="other", path=str(other)),
            audio=speech.wav,
            stages=stages,
        )
    )


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"language": "en"}, id="sequential"),
        pytest.param({"language": "en", "batch_size": 4}, id="batched"),
        pytest.param({"language": "en", "vad": False}, id="without-vad"),
        pytest.param({}, id="language-detected"),
        pytest.param({"language": "en-gb", "beam_size": 1, "temperature": (0.0,)}, id="greedy"),
    ],
)
def test_words_and_times_are_right(engine: Any, speech: Any, options: dict[str, Any]) -> None:
    result = engine.finish(speech.wav, **options)
    assert result.language == "en"
    text = " ".join(segment.text for segment in result.segments)
    assert jiwer.wer(normalise(speech.text), normalise(text)) <= 0.1
    words = [word for segment in result.segments for word in segment.words]
    assert all(word.start < word.end for word in words)
    assert all(before.end <= after.start for before, after in pairwise(words))
    for sentence in speech.sentences:
        inside = [
            word for word in words if sentence.start < (word.start + word.end) / 2 < sentence.end
        ]
        assert abs(inside[0].start - sentence.start) < 0.5
        assert abs(inside[-1].end - sentence.end) < 0.7


def test_speech_regions_leave_out_the_silence(engine: Any, speech: Any) -> None:
    result = engine.finish(speech.wav, language="en", min_silence_ms=300, speech_pad_ms=50)
    assert len(result.speech_regions) >= len(speech.sentences) - 1
    covered = sum(region.end - region.start for region in result.speech_regions)
    spoken = sum(sentence.end - sentence.start for sentence in speech.sentences)
    assert covered == pytest.approx(spoken, rel=0.15)


def test_translation_is_english_and_says_so(engine: Any, speech: Any) -> None:
    result = engine.finish(speech.wav, language="de", task="translate")
    assert result.effective["task"] == "translate"
    assert result.effective["language"] == "de"
    assert result.language == "en"
    assert {segment.language for segment in result.segments} == {"en"}


def test_without_words_segments_still_have_times(engine: Any, speech: Any) -> None:
    result = engine.finish(speech.wav, language="en", word_timestamps=False)
    assert result.segments
    assert not any(segment.words for segment in result.segments)
    assert all(before.end <= after.start for before, after in pairwise(result.segments))


@pytest.mark.parametrize("batch_size", [1, 4], ids=["sequential", "batched"])
def test_silence_gives_nothing(engine: Any, tmp_path: Path, batch_size: int) -> None:
    wav = _tone(tmp_path / "silence.wav", amplitude=0.0)
    result = engine.finish(wav, batch_size=batch_size)
    assert result.segments == ()
    assert result.language is None
    assert result.speech_regions == ()


def test_a_tone_makes_the_model_repeat_itself_unless_vad_cuts_it_away(
    engine: Any, tmp_path: Path
) -> None:
    wav = _tone(tmp_path / "tone.wav", amplitude=0.1)
    assert engine.finish(wav, language="en").segments == ()
    repeated = engine.finish(wav, language="en", vad=False, temperature=(0.0,))
    words = [normalise(word.text) for segment in repeated.segments for word in segment.words]
    assert max(words.count(word) for word in words) >= 5


def test_language_vote_keeps_to_the_allow_list(engine: Any, speech: Any) -> None:
    free = engine.finish(speech.wav)
    assert max(free.language_scores, key=lambda code: free.language_scores[code]) == "en"
    bound = engine.finish(speech.wav, languages=("de", "fr-ca"))
    assert bound.language in {"de", "fr"}
    assert set(bound.language_scores) <= {"de", "fr"}
    assert sum(bound.language_scores.values()) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"language": "ja"}, id="not-in-this-model"),
        pytest.param({"language": "xx"}, id="no-language"),
        pytest.param({"languages": ("en", "tlh")}, id="in-the-allow-list"),
    ],
)
def test_a_language_the_model_does_not_know_is_refused(
    engine: Any, speech: Any, options: dict[str, Any]
) -> None:
    with pytest.raises(EngineRequestError, match="does not know the language") as caught:
        engine.finish(speech.wav, **options)
    assert caught.value.code == ErrorCode.INVALID_REQUEST


def _tone(wav: Path, *, amplitude: float, seconds: int = 10) -> Path:
    """A sine wave of 440 Hz."""
    rate = 16_000
    frames = b"".join(
        struct.pack("<h", round(32_767 * amplitude * math.sin(2 * math.pi * 440 * index / rate)))
        for index in range(rate * seconds)
    )
    with wave.open(str(wav), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(frames)
    return wav
