"""faster-whisper, the real library in its own environment: right words at the right times."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import jiwer
import pytest
from tests.support.engine_fixtures import own_model
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import Speech, utter, write_pcm
from tests.support.sounds import silence, tone, write_wav
from tests.support.speech import needs_flite

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import RunningEngine, check_engine
from dalston_sdk.wire import ErrorCode, ModelRef

pytestmark = needs_flite


def normalise(text: str) -> str:
    return " ".join(re.sub(r"[^a-z ]", " ", text.lower()).split())


@pytest.mark.slow  # a process of its own
def test_faster_whisper_conforms(
    under_test: EngineUnderTest, model: ModelRef, copy: Path, short_speech: Speech
) -> None:
    subject = under_test.subject(model, short_speech.wav, other_model=own_model(copy))
    check_engine(subject)


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
def test_words_and_times_are_right(
    engine: RunningEngine, speech: Speech, options: dict[str, Any]
) -> None:
    result = engine.transcribe(speech.wav, **options)
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


def test_speech_regions_exclude_the_silence(engine: RunningEngine, speech: Speech) -> None:
    result = engine.transcribe(speech.wav, language="en", min_silence_ms=300, speech_pad_ms=50)
    assert len(result.speech_regions) >= len(speech.sentences) - 1
    covered = sum(region.end - region.start for region in result.speech_regions)
    spoken = sum(sentence.end - sentence.start for sentence in speech.sentences)
    assert covered == pytest.approx(spoken, rel=0.15)


def test_translation_is_english_and_says_so(engine: RunningEngine, short_speech: Speech) -> None:
    result = engine.transcribe(short_speech.wav, language="de", task="translate")
    assert result.effective["task"] == "translate"
    assert result.effective["language"] == "de"
    assert result.language == "en"
    assert {segment.language for segment in result.segments} == {"en"}


def test_without_words_segments_still_have_times(
    engine: RunningEngine, short_speech: Speech
) -> None:
    result = engine.transcribe(short_speech.wav, language="en", word_timestamps=False)
    assert result.segments
    assert not any(segment.words for segment in result.segments)
    assert all(before.end <= after.start for before, after in pairwise(result.segments))


@pytest.mark.parametrize("batch_size", [1, 4], ids=["sequential", "batched"])
def test_speech_may_last_to_the_last_sample(
    engine: RunningEngine, tmp_path: Path, batch_size: int
) -> None:
    """In milliseconds it ends after the recording, and the library wants no such chunk."""
    samples = utter("Please send me the report.").samples
    samples = samples[: len(samples) // 16 * 16 - 1]
    wav = write_pcm(tmp_path / "spoken.wav", samples)
    result = engine.transcribe(wav, language="en", batch_size=batch_size)
    [region] = result.speech_regions
    assert region.start == 0
    assert region.end > len(samples) / 16_000
    assert normalise(result.segments[0].text) == "please send me the report"


@pytest.mark.parametrize("batch_size", [1, 4], ids=["sequential", "batched"])
def test_silence_gives_nothing(engine: RunningEngine, tmp_path: Path, batch_size: int) -> None:
    wav = write_wav(tmp_path / "silence.wav", silence(10))
    result = engine.transcribe(wav, batch_size=batch_size)
    assert result.segments == ()
    assert result.language is None
    assert result.speech_regions == ()


def test_a_tone_makes_the_model_repeat_itself_unless_vad_cuts_it_away(
    engine: RunningEngine, tmp_path: Path
) -> None:
    wav = write_wav(tmp_path / "tone.wav", tone(10, 440, peak=0.1))
    assert engine.transcribe(wav, language="en").segments == ()
    repeated = engine.transcribe(wav, language="en", vad=False, temperature=(0.0,))
    words = [normalise(word.text) for segment in repeated.segments for word in segment.words]
    assert max(words.count(word) for word in words) >= 5


def test_language_vote_keeps_to_the_allow_list(engine: RunningEngine, short_speech: Speech) -> None:
    free = engine.transcribe(short_speech.wav)
    assert max(free.language_scores, key=lambda code: free.language_scores[code]) == "en"
    bound = engine.transcribe(short_speech.wav, languages=("de", "fr-ca"))
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
    engine: RunningEngine, short_speech: Speech, options: dict[str, Any]
) -> None:
    with pytest.raises(EngineRequestError, match="does not know the language") as caught:
        engine.transcribe(short_speech.wav, **options)
    assert caught.value.code == ErrorCode.INVALID_REQUEST


_COUNT_ENCODED = """
import sys
from pathlib import Path

import engine
from dalston_sdk.server.audio import WavSamples
from dalston_sdk.wire import ModelRef, TranscribeOptions, TranscribeRequest


class Context:
    def progress(self, done_s, total_s): pass
    def partial(self, segments): pass
    def check_cancelled(self): pass


class Counting:
    def __init__(self, model):
        self.model, self.count = model, 0
    def __getattr__(self, name):
        return getattr(self.model, name)
    def encode(self, *arguments, **options):
        self.count += 1
        return self.model.encode(*arguments, **options)


model = ModelRef(runtime_id="tiny", path=sys.argv[1])
whisper = engine.FasterWhisperEngine()
whisper.load(model)
whisper._whisper.model = counting = Counting(whisper._whisper.model)
request = TranscribeRequest(model=model, options=TranscribeOptions(temperature=(0.0,)))
result = whisper.transcribe(request, WavSamples(Path(sys.argv[2]))[:], Context())
print(result.language, len(result.segments) > 0, counting.count)
"""


def test_the_window_of_a_short_recording_is_encoded_once_for_language_and_text(
    under_test: EngineUnderTest, model: ModelRef, short_speech: Speech
) -> None:
    printed = under_test.run(_COUNT_ENCODED, str(model.path), short_speech.wav)
    assert printed.split() == ["en", "True", "1"]
