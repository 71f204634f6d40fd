"""Dalston's own cost per recording, with an engine that costs nothing and runs already."""

import subprocess
import time
from pathlib import Path

from benchmarks.measurement import Measurement
from benchmarks.workshop import DALSTON, environment, small_recordings, workshop

FEW, MANY = 10, 210


def measure() -> list[Measurement]:
    """The difference between a run over many and a run over few, per recording."""
    with workshop() as folder:
        _transcribe(folder, small_recordings(folder / "warm", 1))
        few = _transcribe(folder, small_recordings(folder / "few", FEW))
        many = _transcribe(folder, small_recordings(folder / "many", MANY))
    return [
        Measurement(
            name="per-file overhead, fake engine warm",
            value=1000 * (many - few) / (MANY - FEW),
            unit="ms",
            limit=50,
            detail=f"decode, store, journal, write; ({MANY} files - {FEW} files) / {MANY - FEW}",
        )
    ]


def _transcribe(folder: Path, recordings: Path) -> float:
    start = time.perf_counter()
    subprocess.run(
        [DALSTON, "transcribe", recordings, "-o", folder / "out", "-m", "fake", "-q"],
        env=environment(folder),
        check=True,
    )
    return time.perf_counter() - start
