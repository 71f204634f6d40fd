"""Dalston's own cost per recording, with an engine that costs nothing and runs already."""

from pathlib import Path

from benchmarks.measurement import Measurement, Usage, used
from benchmarks.workshop import DALSTON, environment, small_recordings, workshop

FEW, MANY = 100, 1_100
GROWTH = 9_900 / (MANY - FEW)


def measure() -> list[Measurement]:
    """The difference between a run over many and a run over few, per recording."""
    with workshop() as folder:
        _transcribe(folder, small_recordings(folder / "warm", 1))
        few = _transcribe(folder, small_recordings(folder / "few", FEW, first=10_000))
        many = _transcribe(folder, small_recordings(folder / "many", MANY, first=20_000))
    return [
        Measurement(
            name="per-file overhead, fake engine warm",
            value=1000 * (many.processor_s - few.processor_s) / (MANY - FEW),
            unit="ms",
            limit=10,
            detail="processor time of ours: decode, store, journal, write three formats; "
            f"({MANY:,} files - {FEW}) / {MANY - FEW:,}",
        ),
        Measurement(
            name="peak memory, 10,000 files over 100",
            value=GROWTH * (many.peak_mb - few.peak_mb),
            unit="MB",
            limit=20,
            detail=f"({MANY:,} files - {FEW}) * {GROWTH:g}; {few.peak_mb:.0f} MB with {FEW}",
        ),
    ]


def _transcribe(folder: Path, recordings: Path) -> Usage:
    command = [DALSTON, "transcribe", str(recordings), "-o", str(folder / "out"), "-m", "fake"]
    return used([*command, "-q"], environment(folder))
