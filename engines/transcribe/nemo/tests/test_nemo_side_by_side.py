"""Requests that run side by side: each gets what it gets alone, whatever the model."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.support.engine_fixtures import Models
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import Speech
from tests.support.side_by_side import check_same, side_by_side
from tests.support.speech import needs_flite

from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ErrorCode, Stage

pytestmark = [pytest.mark.slow, needs_flite]  # NeMo alone takes 10 s to import


@pytest.mark.parametrize("kind", ["ctc", "rnnt", "tdt", "hybrid", "conformer", "canary"])
def test_results_are_those_of_each_recording_alone(
    engine: RunningEngine, models: Models, recordings: Sequence[Path], kind: str
) -> None:
    options: dict[str, Any] = {"model": models[kind], "language": "en"}
    alone = [engine.transcribe(wav, **options) for wav in recordings]
    assert all(result.segments for result in alone)
    for together, each in zip(side_by_side(engine, recordings, **options), alone, strict=True):
        check_same(together, each)


def test_chunks_of_several_requests_go_into_one_batch(
    under_test: EngineUnderTest, models: Models, recordings: Sequence[Path]
) -> None:
    script = Path(__file__).with_name("largest_batch.py")
    folders = [models[kind].path or "" for kind in ("tdt", "canary")]
    said = under_test.run(script, *folders, "--", *recordings).splitlines()
    of_tdt, of_canary = map(int, said[-2:])
    assert of_tdt > 1
    assert of_canary == 1


def test_a_bad_request_and_a_cancelled_one_harm_no_other(
    engine: RunningEngine, models: Models, recordings: Sequence[Path], speech: Speech
) -> None:
    options: dict[str, Any] = {"model": models["ctc"]}
    alone = [engine.transcribe(wav, **options) for wav in recordings]
    bad = engine.request(Stage.TRANSCRIBE, model=models["ctc"], task="translate")
    long = engine.request(Stage.TRANSCRIBE, model=models["ctc"])
    with ThreadPoolExecutor(len(recordings) + 2) as pool:
        failing = pool.submit(engine.failure, bad, recordings[0])
        pool.submit(engine.cancel, long, speech.wav)
        together = list(pool.map(lambda wav: engine.transcribe(wav, **options), recordings))
        assert failing.result().code == ErrorCode.UNSUPPORTED_OPTION
    for each, expected in zip(together, alone, strict=True):
        check_same(each, expected)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_speakers_of_each_recording_are_those_of_it_alone(
    engine: RunningEngine, models: Models, recordings: Sequence[Path], version: str
) -> None:
    model = models[f"sortformer-{version}"]
    alone = [engine.diarize(wav, model=model) for wav in recordings]
    with ThreadPoolExecutor(len(recordings)) as pool:
        assert list(pool.map(lambda wav: engine.diarize(wav, model=model), recordings)) == alone


def test_health_says_how_many_requests_run_side_by_side(engine: RunningEngine) -> None:
    assert engine.health_when_idle().slots == 8
