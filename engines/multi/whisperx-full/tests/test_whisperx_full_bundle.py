"""The bundle of weights: missing and broken parts, and parts that are loaded when needed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import Speech, repeat_wav
from tests.support.speech import needs_flite

from dalston_sdk.testing import RunningEngine, check_engine, check_memory_settles, check_missing_gpu
from dalston_sdk.wire import ErrorCode, ModelRef, Segment, Stage

pytestmark = needs_flite

WEIGHTS = "model.bin"
EMBEDDING = "diarization/embedding"
ALIGNED = (Segment(id=0, start=1.0, end=2.8, text="It is closed in December."),)


_CODES = {
    "missing": ErrorCode.MODEL_MISSING,
    "load": ErrorCode.MODEL_LOAD_FAILED,
    "invalid": ErrorCode.INVALID_REQUEST,
}


def _halve(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _edit(folder: Path, old: str, new: str) -> None:
    config = folder / "diarization" / "config.yaml"
    config.write_text(config.read_text().replace(old, new))


def _remove_head(folder: Path) -> None:
    """Rename the CTC head."""
    file = folder / "align/en/model.safetensors"
    content = file.read_bytes()
    assert b'"lm_head.' in content
    file.write_bytes(content.replace(b'"lm_head.', b'"xx_head.'))


@pytest.mark.slow  # a process of its own that runs all stages
def test_whisperx_full_conforms(
    under_test: EngineUnderTest, model: ModelRef, sentence: Speech
) -> None:
    check_engine(under_test.subject(model, sentence.wav, segments=ALIGNED))


@pytest.mark.parametrize(
    ("spoil", "code", "named"),
    [
        pytest.param(
            lambda f: (f / "tokenizer.json").unlink(), "missing", "tokenizer.json", id="t"
        ),
        pytest.param(lambda f: (f / "vocabulary.json").unlink(), "missing", "vocabulary", id="v"),
        pytest.param(lambda f: (f / WEIGHTS).unlink(), "missing", WEIGHTS, id="weights"),
        pytest.param(lambda f: (f / WEIGHTS).write_bytes(b"x" * 99), "load", "copy", id="garbage"),
        pytest.param(lambda f: (f / "config.json").write_text("{"), "load", "config.json", id="c"),
        pytest.param(lambda f: _halve(f / WEIGHTS), "load", "copy", id="cut-off"),
        pytest.param(shutil.rmtree, "missing", "are not at", id="no-folder"),
    ],
)
def test_an_incomplete_recogniser_is_refused(
    engine: RunningEngine, broken: ModelRef, spoil: Callable[[Path], object], code: str, named: str
) -> None:
    spoil(Path(broken.path or ""))

    error = engine.load_failure(broken)

    assert error.code is _CODES[code]
    assert named in str(error)


BROKEN_PARTS: dict[str, tuple[str, Callable[[Path], object], str, str]] = {
    "no-aligner": ("align", lambda f: shutil.rmtree(f / "align"), "invalid", "none at all"),
    "no-vocabulary": ("align", lambda f: (f / "align/en/vocab.json").unlink(), "missing", "vocab"),
    "aligner-cut-off": ("align", lambda f: _halve(f / "align/en/model.safetensors"), "load", "en"),
    "no-head": ("align", _remove_head, "load", "lm_head"),
    "no-diarization": (
        "diarize",
        lambda f: shutil.rmtree(f / "diarization"),
        "missing",
        "speakers",
    ),
    "no-embedding": ("diarize", lambda f: shutil.rmtree(f / EMBEDDING), "missing", "embedding"),
    "embedding-cut-off": (
        "diarize",
        lambda f: _halve(f / EMBEDDING / "pytorch_model.bin"),
        "load",
        "diarization",
    ),
    "a-part-from-the-hub": (
        "diarize",
        lambda f: _edit(f, "$model/plda", "pyannote/speaker-diarization-community-1"),
        "load",
        "elsewhere",
    ),
    "settings": ("diarize", lambda f: _edit(f, "params", "x"), "load", "config"),
}


@pytest.mark.parametrize("case", BROKEN_PARTS.values(), ids=BROKEN_PARTS)
def test_an_incomplete_part_costs_its_own_stage_only(
    engine: RunningEngine,
    broken: ModelRef,
    sentence: Speech,
    case: tuple[str, Callable[[Path], object], str, str],
) -> None:
    part, spoil, code, named = case
    spoil(Path(broken.path or ""))
    request = engine.request(Stage(part), ALIGNED, model=broken, language="en")

    error = engine.failure(request, sentence.wav)

    assert error.code is _CODES[code]
    assert named in str(error)
    assert error.hint
    assert engine.transcribe(sentence.wav, model=broken).segments


def test_parts_are_loaded_when_needed_and_nothing_uses_the_network(
    under_test: EngineUnderTest, model: ModelRef, speech: Speech
) -> None:
    """In one process; its output holds nothing but the result."""
    answer = under_test.run(
        Path(__file__).parent / "in_one_process.py", model.path or "", speech.wav
    )

    seen = json.loads(answer)
    assert seen["stages"] == {"transcribe": 2, "align": 2, "diarize": 6}
    assert seen["parts"] == [
        ["recogniser"],
        ["aligner", "recogniser"],
        ["aligner", "diarizer", "recogniser"],
        [],
    ]
    assert seen["reached"] == []
    assert seen["telemetry"] == {"PYANNOTE_METRICS_ENABLED": "0", "HF_HUB_OFFLINE": "1"}


@pytest.mark.slow  # ten swaps, half of them with all parts, in a process of its own
def test_swaps_change_neither_results_nor_memory(
    under_test: EngineUnderTest, model: ModelRef, broken: ModelRef, sentence: Speech
) -> None:
    """Two bundles in turns: all parts of one, and of the other what transcribes."""
    sizes: list[float] = []
    results, texts = set(), set()
    with under_test.running(model) as engine:
        for _ in range(6):
            segments = engine.transcribe(sentence.wav).segments
            words = engine.align(sentence.wav, segments).segments
            turns = engine.diarize(sentence.wav, num_speakers=1).turns
            results.add(msgspec.json.encode((segments, words, turns)))
            texts.add(msgspec.json.encode(engine.transcribe(sentence.wav, model=broken).segments))
            sizes.append(engine.health().rss_mb)
    assert len(results) == len(texts) == 1
    check_memory_settles(sizes)


def test_a_missing_gpu_is_an_error_and_the_cpu_is_not_taken(under_test: EngineUnderTest) -> None:
    check_missing_gpu(under_test.start_line())


@pytest.mark.parametrize("stage", [Stage.TRANSCRIBE, Stage.ALIGN, Stage.DIARIZE])
def test_a_cancelled_request_ends_early(
    engine: RunningEngine, speech: Speech, tmp_path: Path, stage: Stage
) -> None:
    """The rest of the recording would take minutes."""
    minutes = repeat_wav(speech.wav, tmp_path / "minutes.wav", 20)
    segments = [
        Segment(id=n, start=1.0 + 20 * n, end=19.0 + 20 * n, text=speech.text) for n in range(20)
    ]
    options: dict[str, Any] = {"batch_size": 1} if stage is Stage.TRANSCRIBE else {}
    request = engine.request(stage, segments, language="en", **options)
    assert engine.cancel(request, minutes) < 20 * speech.duration_s / 2
