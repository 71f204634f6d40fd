"""The time that a plan for many recordings takes, and the growth of its memory."""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measurement import Measurement
from benchmarks.workshop import DALSTON, environment, small_recordings, workshop

FEW, MANY = 1_000, 10_000

PEAK = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=-3); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


def measure() -> list[Measurement]:
    """Seconds for many, and peak memory of many over peak memory of few."""
    with workshop() as folder:
        few = small_recordings(folder / "few", FEW)
        many = small_recordings(folder / "many", MANY)
        _, few_peak = _plan(folder, few)
        seconds, many_peak = _plan(folder, many)
    return [
        Measurement(
            name=f"plan over {MANY} small files",
            value=seconds,
            unit="s",
            limit=10,
            detail="the whole command, from start to exit",
        ),
        Measurement(
            name=f"peak memory, {MANY} files over {FEW}",
            value=many_peak / few_peak,
            unit="x",
            limit=1.5,
            detail="peak resident size of the command",
        ),
    ]


def _plan(folder: Path, recordings: Path) -> tuple[float, int]:
    start = time.perf_counter()
    peak = subprocess.run(
        [sys.executable, "-c", PEAK, DALSTON, "plan", recordings, "-m", "fake", "--json"],
        env=environment(folder),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return time.perf_counter() - start, int(peak)
