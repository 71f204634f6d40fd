"""Requests to an engine that run side by side, compared with each of them alone."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.support.flite import record

from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import Segment, TranscribeResult

_SAME_S = 0.02
_SAME_SCORE = 0.01


def record_eight(folder: Path, sentences: Sequence[str]) -> list[Path]:
    """Make eight recordings of one to four of at least eleven sentences."""
    return [
        record(folder / f"{number}.wav", sentences[number : number + 1 + number % 4]).wav
        for number in range(8)
    ]


def side_by_side(
    engine: RunningEngine, recordings: Sequence[Path], **options: Any
) -> list[TranscribeResult]:
    """Transcribe all recordings at once."""
    with ThreadPoolExecutor(len(recordings)) as pool:
        return list(pool.map(lambda wav: engine.transcribe(wav, **options), recordings))


def check_same(together: TranscribeResult, alone: TranscribeResult) -> None:
    """Check for the same texts, times that are the same to 20 ms, and scores to a hundredth."""
    assert [_texts(each) for each in together.segments] == [_texts(each) for each in alone.segments]
    assert _numbers(together, "start", "end") == pytest.approx(
        _numbers(alone, "start", "end"), abs=_SAME_S
    )
    assert _numbers(together, "confidence") == pytest.approx(
        _numbers(alone, "confidence"), abs=_SAME_SCORE
    )
    assert together.speech_regions == alone.speech_regions
    assert together.effective == alone.effective


def _texts(segment: Segment) -> list[str]:
    return [segment.text, *(word.text for word in segment.words)]


def _numbers(result: TranscribeResult, *names: str) -> list[float]:
    timed = [each for segment in result.segments for each in (segment, *segment.words)]
    values = [getattr(each, name) for each in timed for name in names]
    return [-1.0 if value is None else value for value in values]
