"""Requests that run side by side: each gets what it gets alone, whatever the model."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.support.engine_fixtures import Models
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import Speech
from tests.support.onnx_models.families import make_ctc
from tests.support.side_by_side import check_same, record_eight, side_by_side
from tests.support.speech import needs_flite
from tests.support.unseen import ctc_sentences

from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ErrorCode, ModelRef, Stage

pytestmark = needs_flite


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    return record_eight(tmp_path_factory.mktemp("recordings"), ctc_sentences(12))


@pytest.fixture(scope="module")
def quantised(tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    """A model that rounds by the largest number of a batch, so that a batch changes it."""
    folder = make_ctc(tmp_path_factory.mktemp("quantised"), dynamic=True)
    return ModelRef(runtime_id="tiny-quantised", path=str(folder))


@pytest.mark.parametrize("family", ["ctc", "rnnt", "tdt", "vosk", "gigaam", "canary", "whisper"])
def test_results_are_those_of_each_recording_alone(
    engine: RunningEngine, models: Models, recordings: Sequence[Path], family: str
) -> None:
    options: dict[str, Any] = {"model": models[family], "language": "en"}
    alone = [engine.transcribe(wav, **options) for wav in recordings]
    assert all(result.segments for result in alone)
    for together, each in zip(side_by_side(engine, recordings, **options), alone, strict=True):
        check_same(together, each)


def test_a_model_that_a_batch_would_change_decodes_each_alone(
    engine: RunningEngine, quantised: ModelRef, recordings: Sequence[Path]
) -> None:
    alone = [engine.transcribe(wav, model=quantised) for wav in recordings]
    assert side_by_side(engine, recordings, model=quantised) == alone
    own_batches = [engine.transcribe(wav, model=quantised, batch_size=4) for wav in recordings]
    assert [each.segments for each in own_batches] != [each.segments for each in alone]


def test_chunks_of_several_requests_go_into_one_batch(
    under_test: EngineUnderTest, models: Models, quantised: ModelRef, recordings: Sequence[Path]
) -> None:
    script = Path(__file__).with_name("largest_batch.py")
    assert int(under_test.run(script, models["ctc"].path or "", *recordings)) > 1
    assert int(under_test.run(script, quantised.path or "", *recordings)) == 1


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
        failure = failing.result()
    assert failure.code == ErrorCode.UNSUPPORTED_OPTION
    for each, expected in zip(together, alone, strict=True):
        check_same(each, expected)


def test_health_says_how_many_requests_run_side_by_side(engine: RunningEngine) -> None:
    assert engine.health_when_idle().slots == 8
