"""Diarizing: the pipeline's turns lie where people speak, for as many speakers as were asked."""

from typing import Any

import pytest
from tests.support.speech import needs_flite

from dalston_sdk.wire import (
    DiarizeOptions,
    DiarizeRequest,
    DiarizeResult,
    ErrorCode,
    Progress,
)

pytestmark = needs_flite


def diarized(engine: Any, wav: Any, **options: int) -> DiarizeResult:
    request = DiarizeRequest(model=engine.model, options=DiarizeOptions(**options))
    result: DiarizeResult = engine.asked.result(request, wav, DiarizeResult)
    return result


def test_turns_lie_where_people_speak(engine: Any, speech: Any) -> None:
    """The segmentation is real; whose turn it is depends on random weights and is not tested."""
    result = diarized(engine, speech.wav, num_speakers=2)

    speakers = [turn.speaker for turn in result.turns]
    assert len(speakers) == len(speech.sentences)
    assert len(set(speakers)) == 2
    for turn, sentence in zip(result.turns, speech.sentences, strict=True):
        assert turn.start == pytest.approx(sentence.start, abs=0.3)
        assert turn.end == pytest.approx(sentence.end, abs=0.3)
    assert result.exclusive_turns == result.turns  # nobody speaks at the same time
    assert set(result.embeddings) == set(speakers)
    assert {len(vector) for vector in result.embeddings.values()} == {256}
    assert result.effective == {"num_speakers": 2, "min_speakers": None, "max_speakers": None}


def test_one_speaker_where_one_is_asked_for(engine: Any, speech: Any) -> None:
    result = diarized(engine, speech.wav, min_speakers=1, max_speakers=1)

    assert {turn.speaker for turn in result.turns} == {"SPEAKER_00"}


def test_silence_has_no_speakers(engine: Any, silence: Any) -> None:
    result = diarized(engine, silence(8.0))

    assert (result.turns, result.embeddings) == ((), {})


@pytest.mark.parametrize("seconds", [0.01, 0.5])
def test_a_moment_is_no_trouble(engine: Any, silence: Any, seconds: float) -> None:
    assert diarized(engine, silence(seconds)).turns == ()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        pytest.param({"num_speakers": 0}, "at least 1", id="none"),
        pytest.param({"min_speakers": 3, "max_speakers": 2}, "above", id="crossed"),
        pytest.param({"num_speakers": 2, "max_speakers": 3}, "combined", id="both"),
    ],
)
def test_impossible_numbers_are_refused(
    engine: Any, speech: Any, options: dict[str, int], named: str
) -> None:
    request = DiarizeRequest(model=engine.model, options=DiarizeOptions(**options))

    error = engine.asked.failure(request, speech.wav)

    assert error.code is ErrorCode.INVALID_REQUEST
    assert named in str(error)


def test_it_says_how_far_it_is(engine: Any, speech: Any) -> None:
    request = DiarizeRequest(model=engine.model)

    messages = engine.asked.messages(request, speech.wav)

    done = [each.done_s for each in messages if isinstance(each, Progress) and each.phase == "run"]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(speech.duration_s, abs=0.01)
