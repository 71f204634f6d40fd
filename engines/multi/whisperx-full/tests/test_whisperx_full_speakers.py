"""Diarization: turns where there is speech, for the requested number of speakers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.flite import Speech
from tests.support.recordings import read_wav, write_wav
from tests.support.speech import needs_flite

from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ErrorCode, Progress, Stage

pytestmark = needs_flite


def test_turns_are_where_speech_is(engine: RunningEngine, speech: Speech) -> None:
    """The segmentation model is real; speakers depend on random weights and are not tested."""
    result = engine.diarize(speech.wav, num_speakers=2)

    speakers = [turn.speaker for turn in result.turns]
    assert len(speakers) == len(speech.sentences)
    assert len(set(speakers)) == 2
    for turn, sentence in zip(result.turns, speech.sentences, strict=True):
        assert turn.start == pytest.approx(sentence.start, abs=0.3)
        assert turn.end == pytest.approx(sentence.end, abs=0.3)
    assert result.exclusive_turns == result.turns  # turns do not overlap
    assert set(result.embeddings) == set(speakers)
    assert {len(vector) for vector in result.embeddings.values()} == {256}
    assert result.effective == {
        "num_speakers": 2,
        "min_speakers": None,
        "max_speakers": None,
        "chunk_s": 3600.0,
    }


def test_one_speaker_where_one_is_requested(engine: RunningEngine, speech: Speech) -> None:
    result = engine.diarize(speech.wav, min_speakers=1, max_speakers=1)

    assert {turn.speaker for turn in result.turns} == {"SPEAKER_00"}


def test_a_long_recording_is_diarized_in_chunks_that_are_linked(
    engine: RunningEngine, speech: Speech, tmp_path: Path
) -> None:
    """The turns are those of the whole, and a speaker keeps the label from chunk to chunk."""
    once = read_wav(speech.wav)
    long = write_wav(tmp_path / "long.wav", np.tile(once, int(80 * 16_000 / len(once)) + 1))

    whole = engine.diarize(long, max_speakers=1)
    chunks = engine.diarize(long, max_speakers=1, chunk_s=30.0)

    assert (whole.effective["chunk_s"], chunks.effective["chunk_s"]) == (3600.0, 30.0)
    assert {turn.speaker for turn in chunks.turns} == {"SPEAKER_00"}
    assert len(chunks.turns) == len(whole.turns) > 4
    for ours, theirs in zip(chunks.turns, whole.turns, strict=True):
        assert (ours.start, ours.end) == pytest.approx((theirs.start, theirs.end), abs=0.2)
    assert chunks.exclusive_turns == chunks.turns
    [ours_vector], [theirs_vector] = chunks.embeddings.values(), whole.embeddings.values()
    assert np.corrcoef(ours_vector, theirs_vector)[0, 1] > 0.9


def test_silence_has_no_speakers(engine: RunningEngine, silence: Callable[[float], Path]) -> None:
    result = engine.diarize(silence(8.0))

    assert (result.turns, result.embeddings) == ((), {})


@pytest.mark.parametrize("seconds", [0.01, 0.5])
def test_a_very_short_recording_has_no_speakers(
    engine: RunningEngine, silence: Callable[[float], Path], seconds: float
) -> None:
    assert engine.diarize(silence(seconds)).turns == ()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        pytest.param({"num_speakers": 0}, "at least 1", id="none"),
        pytest.param({"min_speakers": 3, "max_speakers": 2}, "above", id="crossed"),
        pytest.param({"num_speakers": 2, "max_speakers": 3}, "combined", id="both"),
    ],
)
def test_impossible_numbers_are_refused(
    engine: RunningEngine, speech: Speech, options: dict[str, Any], named: str
) -> None:
    error = engine.failure(engine.request(Stage.DIARIZE, **options), speech.wav)

    assert error.code is ErrorCode.INVALID_REQUEST
    assert named in str(error)


def test_progress_grows_to_the_end(engine: RunningEngine, speech: Speech) -> None:
    messages = engine.messages(engine.request(Stage.DIARIZE), speech.wav)

    done = [each.done_s for each in messages if isinstance(each, Progress) and each.phase == "run"]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(speech.duration_s, abs=0.01)
