"""The bundle of weights: what is missing or broken is said, and parts come when they are needed."""

import asyncio
import json
import shutil
import time
import wave
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from tests.support.asked_engine import AskedEngine, EngineUnderTest
from tests.support.speech import needs_flite

from dalston_sdk.testing import check_engine
from dalston_sdk.wire import (
    AlignRequest,
    AlignResult,
    DiarizeOptions,
    DiarizeRequest,
    DiarizeResult,
    ErrorCode,
    ModelRef,
    Progress,
    Segment,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
)

pytestmark = needs_flite

WEIGHTS = "model.bin"
VOICES = "diarization/embedding"
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


def _behead(folder: Path) -> None:
    """Rename the layer that spells: what was never trained with one has none."""
    file = folder / "align/en/model.safetensors"
    content = file.read_bytes()
    assert b'"lm_head.' in content
    file.write_bytes(content.replace(b'"lm_head.', b'"xx_head.'))


def test_it_keeps_the_rules_of_every_engine(
    under_test: EngineUnderTest, model: ModelRef, sentence: Any
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
        pytest.param(lambda f: (f / WEIGHTS).write_bytes(b"x" * 99), "load", "tiny", id="garbage"),
        pytest.param(lambda f: (f / "config.json").write_text("{"), "load", "config.json", id="c"),
        pytest.param(lambda f: _halve(f / WEIGHTS), "load", "tiny", id="cut-off"),
        pytest.param(shutil.rmtree, "missing", "are not at", id="no-folder"),
    ],
)
def test_a_recogniser_that_is_not_whole_is_refused(
    engine: Any, broken: ModelRef, spoil: Callable[[Path], object], code: str, named: str
) -> None:
    spoil(Path(broken.path or ""))

    error = engine.asked.load_failure(broken)

    assert error.code is _CODES[code]
    assert named in str(error)


BROKEN_PARTS: dict[str, tuple[str, Callable[[Path], object], str, str]] = {
    "no-aligner": ("align", lambda f: shutil.rmtree(f / "align"), "invalid", "none at all"),
    "no-letters": ("align", lambda f: (f / "align/en/vocab.json").unlink(), "missing", "vocab"),
    "aligner-cut-off": ("align", lambda f: _halve(f / "align/en/model.safetensors"), "load", "en"),
    "never-taught-to-spell": ("align", _behead, "load", "lm_head"),
    "no-speakers": ("diarize", lambda f: shutil.rmtree(f / "diarization"), "missing", "speakers"),
    "no-voices": ("diarize", lambda f: shutil.rmtree(f / VOICES), "missing", "embedding"),
    "voices-cut-off": (
        "diarize",
        lambda f: _halve(f / VOICES / "pytorch_model.bin"),
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
def test_a_part_that_is_not_whole_costs_its_own_stage_only(
    engine: Any, broken: ModelRef, speech: Any, case: tuple[str, Callable[[Path], object], str, str]
) -> None:
    part, spoil, code, named = case
    spoil(Path(broken.path or ""))
    request = (
        AlignRequest(model=broken, language="en", segments=ALIGNED)
        if part == "align"
        else DiarizeRequest(model=broken)
    )

    error = engine.asked.failure(request, speech.wav)

    assert error.code is _CODES[code]
    assert named in str(error)
    assert error.hint
    heard = engine.asked.result(TranscribeRequest(model=broken), speech.wav, TranscribeResult)
    assert heard.segments


def test_parts_come_as_they_are_needed_and_nothing_is_reached_for(
    under_test: EngineUnderTest, bundle: Path, speech: Any
) -> None:
    """In one process, all whose attempts to reach the network, or write to its output, count."""
    answer = under_test.run(Path(__file__).parent / "in_one_process.py", bundle, speech.wav)

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


def test_swaps_leave_results_and_memory_as_they_were(
    under_test: EngineUnderTest, model: ModelRef, broken: ModelRef, sentence: Any
) -> None:
    """Two bundles in turns: of the one all parts, of the other what transcribes."""
    sizes: list[float] = []
    found, texts = set(), set()
    with under_test.asked() as asked:
        for _ in range(10):
            found.add(_every_stage(asked, model, sentence.wav))
            other = TranscribeRequest(model=broken)
            texts.add(asked.result(other, sentence.wav, TranscribeResult).segments)
            sizes.append(asked.health().rss_mb)
    assert len(found) == len(texts) == 1
    # What the libraries and the allocator keep has settled by then; a leak would go on.
    assert max(sizes[5:]) < 1.1 * max(sizes[:5])


def test_a_gpu_that_is_not_there_is_said_and_the_cpu_not_taken(under_test: EngineUnderTest) -> None:
    with under_test.asked("cuda:63") as asked:
        deadline = time.monotonic() + 120
        while (health := asked.health()).status == "starting" and time.monotonic() < deadline:
            time.sleep(0.2)
    assert health.status == "failed"
    assert "cuda:63" in (health.problem or "")


@pytest.mark.parametrize("stage", ["transcribe", "align", "diarize"])
def test_work_that_nobody_waits_for_ends(
    engine: Any, speech: Any, tmp_path: Path, stage: str
) -> None:
    """An hour takes long; the engine is free long before it would be through."""
    hour = _many_times(speech.wav, tmp_path / "hour.wav", round(3600 / speech.duration_s))
    many = tuple(
        Segment(id=n, start=1.0 + 20 * n, end=19.0 + 20 * n, text=speech.text) for n in range(170)
    )
    requests = {
        "transcribe": TranscribeRequest(
            model=engine.model, options=TranscribeOptions(language="en", batch_size=1)
        ),
        "align": AlignRequest(model=engine.model, language="en", segments=many),
        "diarize": DiarizeRequest(model=engine.model),
    }

    async def abandon() -> None:
        async with engine.asked.process.client() as client:
            stream = client.run(requests[stage], audio=hour, share_path=True)
            async with aclosing(stream):
                async for message in stream:
                    if stage == "transcribe" or isinstance(message, Progress):
                        break
            async with asyncio.timeout(60):
                while (await client.health()).running:
                    continue

    asyncio.run(abandon())
    heard = engine.asked.result(TranscribeRequest(model=engine.model), speech.wav, TranscribeResult)
    assert heard.segments


def _many_times(wav: Path, out: Path, count: int) -> Path:
    with wave.open(str(wav), "rb") as reader, wave.open(str(out), "wb") as writer:
        writer.setparams(reader.getparams())
        samples = reader.readframes(reader.getnframes())
        for _ in range(count):
            writer.writeframes(samples)
    return out


def _every_stage(asked: AskedEngine, model: ModelRef, wav: Path) -> tuple[object, ...]:
    heard = asked.result(TranscribeRequest(model=model), wav, TranscribeResult)
    words = asked.result(
        AlignRequest(model=model, language="en", segments=heard.segments), wav, AlignResult
    )
    speakers = DiarizeRequest(model=model, options=DiarizeOptions(num_speakers=1))
    return heard.segments, words.segments, asked.result(speakers, wav, DiarizeResult).turns
