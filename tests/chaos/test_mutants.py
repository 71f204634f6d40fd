"""Damaged recordings through the processes that decode them: a result, a warning or a named error.

``scripts/chaos`` runs all of them; ``make test-all`` a part.
"""

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.chaos.mutants import Mutant, make_sources, mutants
from tests.support import containers, recordings
from tests.support.decoding import prepare

from dalston_cli.audio.errors import RecordingError
from dalston_cli.audio.prepare import Preparer
from dalston_cli.audio.request import AudioInfo

COUNT = int(os.environ.get("DALSTON_CHAOS_MUTANTS", "150"))
SEED = int(os.environ.get("DALSTON_CHAOS_SEED", "10"))
NAMES = (*containers.FILES, *containers.STREAMS)
PATIENCE_S = 40.0

FRAME_S = 0.1
"""Less than this cannot be missed: a cut between two frames leaves no trace."""

_MOST_S = 120.0
"""Sound of 1.5 s cannot become more than this, whatever a header claims."""

pytestmark = pytest.mark.slow  # some hundred files are decoded, most of them more than once


def test_each_mutant_is_a_result_a_warning_or_a_named_error(tmp_path: Path) -> None:
    names = NAMES if len(NAMES) * 4 <= COUNT else NAMES[:: len(NAMES) // 13]
    sources = make_sources(tmp_path / "whole", names)
    (tmp_path / "mutants").mkdir()
    found = asyncio.run(_outcomes(tmp_path, sources))
    sys.stdout.write(f"{COUNT} mutants of seed {SEED}: {dict(sorted(found.items()))}\n")
    assert sum(found.values()) == COUNT
    assert found["refused"] > 0
    assert found["warned"] > 0


async def _outcomes(folder: Path, sources: tuple[Path, ...]) -> Counter[str]:
    found: Counter[str] = Counter()
    async with Preparer(workers=2, patience_s=PATIENCE_S) as preparer:
        whole = {each: await prepare(preparer, each, folder / "out") for each in sources}
        for mutant in mutants(sources, folder / "mutants", count=COUNT, seed=SEED):
            try:
                audio = await prepare(preparer, mutant.path, folder / "out")
            except RecordingError as error:
                _check_error(error, mutant)
                found["refused"] += 1
            else:
                found[_told(audio, whole[mutant.whole], mutant, folder / "out")] += 1
            mutant.path.unlink()
    return found


def _check_error(error: RecordingError, mutant: Mutant) -> None:
    assert mutant.path.name in error.message, error.code
    assert error.hint


def _told(audio: AudioInfo, whole: AudioInfo, mutant: Mutant, folder: Path) -> str:
    _check(audio, mutant, folder)
    if audio.channels[0].audio_digest == whole.channels[0].audio_digest:
        return "the same sound"
    if audio.warnings:
        return "warned"
    if mutant.damage == "cut" and mutant.whole.name not in containers.ENDLESS:
        assert whole.info.duration_s - audio.info.duration_s < FRAME_S, mutant
    return "other sound"


def _check(audio: AudioInfo, mutant: Mutant, folder: Path) -> None:
    """Hold a result to what every result has to be."""
    samples = recordings.read_wav(folder / "audio.wav")
    assert len(samples) / recordings.SAMPLE_RATE == audio.channels[0].duration_s
    assert 0 < audio.channels[0].duration_s < _MOST_S, mutant
    assert all(notice.message and notice.code for notice in audio.warnings)
