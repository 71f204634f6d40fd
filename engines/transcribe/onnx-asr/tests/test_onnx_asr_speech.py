"""onnx-asr, the real library in its own environment: right words at the right times."""

import re
from itertools import pairwise
from pathlib import Path
from statistics import median

import jiwer
import pytest
from tests.support.engine_fixtures import Models
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import Speech, repeat_wav
from tests.support.sounds import silence, tone, write_wav
from tests.support.speech import needs_flite
from tests.support.tiny_whisper import SENTENCES as WHISPER_SENTENCES
from tests.support.tiny_whisper import say_sentences

from dalston_sdk.testing import RunningEngine, check_engine
from dalston_sdk.wire import Finished, Partial, Progress, Stage, TranscribeResult, Word

pytestmark = needs_flite

WITH_TIMES = ("ctc", "rnnt", "tdt", "vosk", "gigaam")


def normalise(text: str) -> str:
    return " ".join(re.sub(r"[^a-z ]", " ", text.lower()).split())


def text_of(result: TranscribeResult) -> str:
    return normalise(" ".join(segment.text for segment in result.segments))


def words_of(result: TranscribeResult) -> list[Word]:
    return [word for segment in result.segments for word in segment.words]


@pytest.mark.slow  # a process of its own, and two models in turns
def test_onnx_asr_conforms(
    under_test: EngineUnderTest, models: Models, short_speech: Speech
) -> None:
    check_engine(under_test.subject(models["tdt"], short_speech.wav, other_model=models["whisper"]))


@pytest.mark.parametrize(
    ("family", "batch_size"), [*((family, 5) for family in WITH_TIMES), ("tdt", 1)]
)
def test_words_and_times_are_right(
    engine: RunningEngine, models: Models, speech: Speech, family: str, batch_size: int
) -> None:
    result = engine.transcribe(
        speech.wav, model=models[family], batch_size=batch_size, min_silence_ms=300
    )

    assert jiwer.wer(speech.text, text_of(result)) <= 0.05
    words = words_of(result)
    assert all(word.start < word.end for word in words)
    assert all(before.end <= after.start for before, after in pairwise(words))
    assert all(0 < (word.confidence or 0) <= 1 for word in words)
    for sentence in speech.sentences:
        inside = [
            word for word in words if sentence.start < (word.start + word.end) / 2 < sentence.end
        ]
        assert len(inside) == pytest.approx(len(sentence.text.split()), abs=1)
        assert abs(inside[0].start - sentence.start) < 0.1
        assert abs(inside[-1].end - sentence.end) < 0.3


def test_canary_gives_segments_where_speech_is(
    engine: RunningEngine, models: Models, speech: Speech
) -> None:
    result = engine.transcribe(speech.wav, model=models["canary"], language="en")

    assert jiwer.wer(speech.text, text_of(result)) <= 0.05
    check_times_of_regions(result)


def test_whisper_gives_segments_where_speech_is(
    engine: RunningEngine, models: Models, tmp_path: Path
) -> None:
    wav = say_sentences(tmp_path)
    result = engine.transcribe(wav, model=models["whisper"], max_speech_s=10)

    assert jiwer.wer(normalise(" ".join(WHISPER_SENTENCES)), text_of(result)) <= 0.15
    assert result.language == "en"
    assert result.language_scores["en"] > 0.5
    check_times_of_regions(result)


def check_times_of_regions(result: TranscribeResult) -> None:
    assert words_of(result) == []
    assert result.effective["word_timestamps"] is False
    for segment, region in zip(result.segments, result.speech_regions, strict=True):
        assert (segment.start, segment.end) == (region.start, region.end)


def test_words_end_where_a_pause_begins(engine: RunningEngine, speech: Speech) -> None:
    """Several sentences in one chunk: the last word of each ends before the pause after it."""
    result = engine.transcribe(speech.wav, min_silence_ms=2000, max_speech_s=20)

    words = words_of(result)
    gaps = []
    for sentence in speech.sentences[:-1]:
        before = [word for word in words if word.start < sentence.end]
        after = [word for word in words if word.start >= sentence.end]
        gaps.append(after[0].start - before[-1].end)
    assert len(result.segments) < len(speech.sentences)
    assert median(gaps) > 0.8


def test_a_long_recording_without_pauses_is_cut_and_keeps_its_time(
    engine: RunningEngine, monologue: Speech
) -> None:
    result = engine.transcribe(
        monologue.wav, max_speech_s=15, min_silence_ms=2000, speech_pad_ms=400
    )

    assert all(region.end - region.start <= 15.001 for region in result.speech_regions)
    assert all(before.end <= after.start for before, after in pairwise(result.speech_regions))
    assert len(result.segments) >= 6
    words = words_of(result)
    assert all(before.end <= after.start for before, after in pairwise(words))
    assert jiwer.wer(monologue.text, text_of(result)) <= 0.1
    late = [
        min(abs(word.start - sentence.start) for word in words) for sentence in monologue.sentences
    ]
    assert max(late) < 0.2


def test_without_vad_all_of_the_recording_is_decoded(engine: RunningEngine, speech: Speech) -> None:
    result = engine.transcribe(speech.wav, vad=False, max_speech_s=12)

    assert result.speech_regions == ()
    assert jiwer.wer(speech.text, text_of(result)) <= 0.1


def test_without_words_segments_still_have_the_words_times(
    engine: RunningEngine, speech: Speech
) -> None:
    with_words = engine.transcribe(speech.wav)
    result = engine.transcribe(speech.wav, word_timestamps=False)

    assert words_of(result) == []
    assert [(each.start, each.end, each.text) for each in result.segments] == [
        (each.start, each.end, each.text) for each in with_words.segments
    ]


@pytest.mark.parametrize("family", ["tdt", "canary", "whisper", "ctc"])
def test_silence_gives_nothing(
    engine: RunningEngine, models: Models, tmp_path: Path, family: str
) -> None:
    wav = write_wav(tmp_path / "silence.wav", silence(10))
    result = engine.transcribe(wav, model=models[family], languages=("en",))
    assert result.segments == ()
    assert result.speech_regions == ()


@pytest.mark.parametrize("family", [*WITH_TIMES, "canary", "whisper"])
def test_a_hundredth_of_a_second_is_no_trouble(
    engine: RunningEngine, models: Models, tmp_path: Path, family: str
) -> None:
    wav = write_wav(tmp_path / "short.wav", tone(0.01, 440, peak=0.1))
    result = engine.transcribe(wav, model=models[family], vad=False, languages=("en",))
    assert all(segment.end <= 0.01 for segment in result.segments)


def test_segments_come_as_they_are_found(engine: RunningEngine, speech: Speech) -> None:
    messages = engine.messages(engine.request(Stage.TRANSCRIBE, batch_size=2), speech.wav)

    partial = [each for each in messages if isinstance(each, Partial)]
    done = [each.done_s for each in messages if isinstance(each, Progress) and each.phase == "run"]
    last = messages[-1]
    assert isinstance(last, Finished)
    assert isinstance(last.result, TranscribeResult)
    assert len(partial) >= 3
    assert tuple(each for part in partial for each in part.segments) == last.result.segments
    assert done == sorted(done)
    assert done[-1] == pytest.approx(speech.duration_s)


def test_a_cancelled_request_ends_between_two_chunks(
    engine: RunningEngine, short_speech: Speech, tmp_path: Path
) -> None:
    minutes = repeat_wav(short_speech.wav, tmp_path / "long.wav", 120)
    request = engine.request(Stage.TRANSCRIBE, vad=False, max_speech_s=10)
    assert engine.cancel(request, minutes) < 60
    assert engine.transcribe(short_speech.wav).segments
