"""Transcription: text compared with references, times inside the recording, options in force."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jiwer
import pytest
from tests.support.flite import Speech
from tests.support.scoring import normalise
from tests.support.speech import needs_flite

from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import (
    ErrorCode,
    Finished,
    ModelRef,
    Partial,
    Progress,
    Stage,
    TranscribeResult,
)

pytestmark = needs_flite


def text_of(result: TranscribeResult) -> str:
    return " ".join(segment.text for segment in result.segments)


def word_error_rate(speech: Speech, result: TranscribeResult) -> float:
    return float(jiwer.wer(normalise(speech.text), normalise(text_of(result))))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="defaults"),
        pytest.param({"batch_size": 1}, id="one-by-one"),
        pytest.param({"batch_size": 64, "beam_size": 1}, id="one-batch-greedy"),
        pytest.param({"chunk_length_s": 5}, id="short-chunks"),
        pytest.param({"language": "en-gb"}, id="language-given"),
        pytest.param({"patience": 2.0, "length_penalty": 0.9, "suppress_blank": False}, id="more"),
    ],
)
def test_unseen_sentences_are_right(
    engine: RunningEngine, speech: Speech, options: dict[str, Any]
) -> None:
    result = engine.transcribe(speech.wav, **options)

    assert word_error_rate(speech, result) <= 0.1, text_of(result)
    assert result.language == "en"
    assert {name: result.effective[name] for name in options if name != "language"} == {
        name: value for name, value in options.items() if name != "language"
    }


def test_chunks_hold_the_sentences_and_end_in_silence(
    engine: RunningEngine, speech: Speech
) -> None:
    result = engine.transcribe(speech.wav)

    assert len(result.speech_regions) == len(speech.sentences)
    for sentence, region in zip(speech.sentences, result.speech_regions, strict=True):
        assert region.start == pytest.approx(sentence.start, abs=0.3)
        assert region.end == pytest.approx(sentence.end, abs=0.3)
    for sentence in speech.sentences:  # the padding keeps it in one chunk
        [around] = [one for one in result.segments if one.start < sentence.end < one.end + 0.01]
        assert around.start <= sentence.start
    assert all(one.end - one.start <= 10 for one in result.segments)
    assert all(before.end <= after.start for before, after in pairwise(result.segments))
    assert all(segment.words == () for segment in result.segments)
    assert all(0.5 < (segment.confidence or 0) <= 1 for segment in result.segments)


def test_no_chunk_is_longer_than_requested(engine: RunningEngine, speech: Speech) -> None:
    result = engine.transcribe(speech.wav, chunk_length_s=3)

    assert len(result.segments) >= len(speech.sentences)
    assert all(segment.end - segment.start <= 3 for segment in result.segments)


def test_without_padding_chunks_are_the_library_s(engine: RunningEngine, speech: Speech) -> None:
    result = engine.transcribe(speech.wav, speech_pad_ms=0, chunk_length_s=3)

    edges = {region.start for region in result.speech_regions}
    assert {segment.start for segment in result.segments} <= edges


def test_a_high_threshold_finds_less_speech(engine: RunningEngine, speech: Speech) -> None:
    result = engine.transcribe(speech.wav, vad_threshold=0.9999)

    assert len(result.speech_regions) < len(speech.sentences)
    assert result.effective["vad_threshold"] == 0.9999


def test_hot_words_and_prompts_reach_the_model(engine: RunningEngine, speech: Speech) -> None:
    """The tiny model was not trained with prompts, so one changes its text."""
    plain = text_of(engine.transcribe(speech.wav, batch_size=1))

    assert text_of(engine.transcribe(speech.wav, initial_prompt="zero zero zero")) != plain
    assert text_of(engine.transcribe(speech.wav, hotwords=("zero", "nine"))) != plain
    prefixed = engine.transcribe(speech.wav, prefix="seven")
    assert text_of(prefixed) != plain
    assert prefixed.effective["prefix"] == "seven"


def test_the_language_vote_keeps_to_the_allow_list(engine: RunningEngine, speech: Speech) -> None:
    result = engine.transcribe(speech.wav, languages=("de", "en"))

    assert result.language == "en"
    assert sum(result.language_scores.values()) == pytest.approx(1, abs=0.01)
    assert set(result.language_scores) <= {"de", "en"}


@pytest.mark.parametrize(
    ("options", "code", "named"),
    [
        pytest.param({"language": "xx"}, ErrorCode.INVALID_REQUEST, "xx", id="language"),
        pytest.param({"chunk_length_s": 30}, ErrorCode.INVALID_REQUEST, "1 to 10", id="window"),
        pytest.param({"chunk_length_s": 2.5}, ErrorCode.INVALID_REQUEST, "whole", id="half"),
        pytest.param({"vad_threshold": 1.5}, ErrorCode.INVALID_REQUEST, "between", id="vad"),
        pytest.param({"batch_size": 0}, ErrorCode.INVALID_REQUEST, "at least 1", id="batch"),
        pytest.param({"vad": False}, ErrorCode.UNSUPPORTED_OPTION, "vad", id="not-honoured"),
        pytest.param({"word_timestamps": True}, ErrorCode.UNSUPPORTED_OPTION, "word", id="words"),
        pytest.param({"temperature": (0.0,)}, ErrorCode.UNSUPPORTED_OPTION, "temp", id="ladder"),
    ],
)
def test_unsupported_options_are_refused(
    engine: RunningEngine, speech: Speech, options: dict[str, Any], code: ErrorCode, named: str
) -> None:
    error = engine.failure(engine.request(Stage.TRANSCRIBE, **options), speech.wav)

    assert error.code is code
    assert named in str(error)


def test_models_that_cannot_translate_refuse_to(engine: RunningEngine, speech: Speech) -> None:
    turbo = ModelRef(runtime_id="whisperx-large-v3-turbo", path=engine.model.path)
    request = engine.request(Stage.TRANSCRIBE, model=turbo, task="translate")

    error = engine.failure(request, speech.wav)

    assert error.code is ErrorCode.UNSUPPORTED_OPTION
    assert "whisperx-large-v3" in (error.hint or "")


def test_options_without_effect_are_named(engine: RunningEngine, speech: Speech) -> None:
    result = engine.transcribe(speech.wav, language="en", languages=("en", "de"))

    assert [each.code for each in result.warnings] == ["option_without_effect"]


@pytest.mark.parametrize("seconds", [0.01, 0.2, 10.0])
def test_silence_gives_nothing(
    engine: RunningEngine, silence: Callable[[float], Path], seconds: float
) -> None:
    result = engine.transcribe(silence(seconds))

    assert (result.segments, result.speech_regions, result.language) == ((), (), None)


def test_segments_come_as_they_are_found(engine: RunningEngine, speech: Speech) -> None:
    request = engine.request(Stage.TRANSCRIBE, chunk_length_s=3, batch_size=1)
    messages = engine.messages(request, speech.wav)

    partial = [one for each in messages if isinstance(each, Partial) for one in each.segments]
    done = [each.done_s for each in messages if isinstance(each, Progress) and each.phase == "run"]
    [finished] = [each for each in messages if isinstance(each, Finished)]
    assert isinstance(finished.result, TranscribeResult)
    assert tuple(partial) == finished.result.segments
    assert len(partial) >= len(speech.sentences)
    assert done == sorted(done)
    assert done[-1] == pytest.approx(speech.duration_s, abs=0.01)


def test_prompts_without_room_for_text_are_shortened_and_the_text_is_there(
    engine: RunningEngine, speech: Speech
) -> None:
    prompts: dict[str, Any] = {
        "initial_prompt": "A talk on trains. " * 300,
        "hotwords": ("Zagreb", "Wien") * 300,
    }
    result = engine.transcribe(speech.wav, language="en", **prompts)
    assert [notice.code for notice in result.warnings][:2] == ["prompt_shortened"] * 2
    assert len(result.effective["initial_prompt"]) < len("A talk on trains. " * 300)
    assert 0 < len(result.effective["hotwords"]) < 600
    words = text_of(result).split()
    assert len(words) >= 0.7 * len(speech.text.split())
    assert not {"trains.", "Zagreb", "Wien"} & set(words)
