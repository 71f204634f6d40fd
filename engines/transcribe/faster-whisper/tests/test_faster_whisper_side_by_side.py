"""Requests that run side by side: each gets what it gets alone."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.support.flite import Speech
from tests.support.side_by_side import record_eight, side_by_side
from tests.support.speech import needs_flite
from tests.support.unseen import whisper_sentences

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ErrorCode, Stage

pytestmark = needs_flite


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """Eight recordings of one to four sentences."""
    return record_eight(tmp_path_factory.mktemp("recordings"), whisper_sentences(12))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"language": "en", "temperature": (0.0,)}, id="language-given"),
        pytest.param({"temperature": (0.0,)}, id="language-detected"),
        pytest.param(
            {"temperature": (0.0,), "condition_on_previous_text": True}, id="with-context"
        ),
        pytest.param({"language": "en", "batch_size": 4}, id="batches-of-their-own"),
    ],
)
def test_results_are_those_of_each_recording_alone(
    engine: RunningEngine, recordings: Sequence[Path], options: dict[str, Any]
) -> None:
    alone = [engine.transcribe(wav, **options) for wav in recordings]
    assert all(result.segments for result in alone)
    assert side_by_side(engine, recordings, **options) == alone


def test_requests_with_options_of_their_own_do_not_meet(
    engine: RunningEngine, recordings: Sequence[Path]
) -> None:
    many: list[dict[str, Any]] = [
        {"temperature": (0.0,), "chunk_length_s": 10.0},
        {"temperature": (0.0,), "beam_size": 1},
        {"temperature": (0.0,), "initial_prompt": "the first sentence"},
        {"temperature": (0.0,)},
    ]
    asked = [(wav, many[number % 4]) for number, wav in enumerate(recordings)]
    alone = [engine.transcribe(wav, **options) for wav, options in asked]
    with ThreadPoolExecutor(len(asked)) as pool:
        together = list(pool.map(lambda each: engine.transcribe(each[0], **each[1]), asked))
    assert together == alone


def test_a_bad_request_and_a_cancelled_one_harm_no_other(
    engine: RunningEngine, recordings: Sequence[Path], speech: Speech
) -> None:
    options: dict[str, Any] = {"language": "en", "temperature": (0.0,)}
    alone = [engine.transcribe(wav, **options) for wav in recordings]
    bad = engine.request(Stage.TRANSCRIBE, language="en", suppress_tokens=(10**9,))
    long = engine.request(Stage.TRANSCRIBE, language="en")

    def fail() -> EngineRequestError:
        return engine.failure(bad, recordings[0])

    with ThreadPoolExecutor(len(recordings) + 2) as pool:
        failing = pool.submit(fail)
        pool.submit(engine.cancel, long, speech.wav)
        together = list(pool.map(lambda wav: engine.transcribe(wav, **options), recordings))
        assert failing.result().code == ErrorCode.INVALID_REQUEST
    assert together == alone


def test_health_says_how_many_requests_run_side_by_side(engine: RunningEngine) -> None:
    assert engine.health_when_idle().slots == 8
