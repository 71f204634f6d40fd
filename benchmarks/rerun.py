"""The cost of the same command again, when there is nothing left to do."""

import subprocess
import sys
from pathlib import Path

from benchmarks.measurement import Measurement, Usage, median_seconds, used
from benchmarks.workshop import DALSTON, environment, small_recordings, workshop

NUM_RECORDINGS = 18
FEW, MANY = 200, 2_000


def measure() -> list[Measurement]:
    """A run over a finished folder: seconds, and what more recordings add to time and memory."""
    return [_whole_command(), *_per_recording()]


def _whole_command() -> Measurement:
    with workshop() as folder:
        recordings = small_recordings(folder / "in", NUM_RECORDINGS)
        command = [DALSTON, "transcribe", str(recordings), "-o", str(folder / "out"), "-q"]
        command += ["-m", "fake"]
        surroundings = environment(folder)
        subprocess.run(command, env=surroundings, check=True)
        again, bare = median_seconds(
            [command, [sys.executable, "-c", "pass"]], rounds=5, env=surroundings
        )
    return Measurement(
        name=f"again over {NUM_RECORDINGS} finished recordings",
        value=again,
        unit="s",
        limit=1.5,
        detail=f"the whole command; {again / bare:.0f} times the start of Python",
    )


def _per_recording() -> list[Measurement]:
    """Return what a finished recording adds: processor time, and peak memory."""
    with workshop() as folder:
        few, many = (_again_over(folder, count) for count in (FEW, MANY))
    each_s = (many.processor_s - few.processor_s) / (MANY - FEW)
    return [
        Measurement(
            name="again over 10,000 finished recordings",
            value=few.processor_s + each_s * (10_000 - FEW),
            unit="s",
            limit=3,
            detail=f"processor time; {1e6 * each_s:.0f} us for each ({MANY:,} recordings - {FEW})",
        ),
        Measurement(
            name=f"peak memory, {MANY:,} finished recordings over {FEW}",
            value=many.peak_mb / few.peak_mb,
            unit="x",
            limit=1.2,
            detail="of the whole command",
        ),
    ]


def _again_over(folder: Path, count: int) -> Usage:
    """Return the usage of the second run over ``count`` recordings."""
    recordings = small_recordings(folder / f"in-{count}", count)
    command = [DALSTON, "transcribe", str(recordings), "-o", str(folder / f"out-{count}")]
    command += ["-m", "fake", "-q"]
    subprocess.run(command, env=environment(folder), check=True)
    return used(command, environment(folder), rounds=3)
