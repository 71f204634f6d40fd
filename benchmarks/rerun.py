"""The cost of the same command again, when there is nothing left to do."""

import subprocess
import sys

from benchmarks.measurement import Measurement, median_seconds
from benchmarks.workshop import DALSTON, environment, small_recordings, workshop

NUM_RECORDINGS = 18


def measure() -> list[Measurement]:
    """Seconds of a run over a finished folder, and as a multiple of starting Python."""
    with workshop() as folder:
        recordings = small_recordings(folder / "in", NUM_RECORDINGS)
        command = [DALSTON, "transcribe", str(recordings), "-o", str(folder / "out"), "-q"]
        command += ["-m", "fake"]
        surroundings = environment(folder)
        subprocess.run(command, env=surroundings, check=True)
        again, bare = median_seconds(
            [command, [sys.executable, "-c", "pass"]], rounds=5, env=surroundings
        )
    return [
        Measurement(
            name=f"again over {NUM_RECORDINGS} finished recordings",
            value=again,
            unit="s",
            limit=1.5,
            detail=f"the whole command; {again / bare:.0f} times the start of Python",
        )
    ]
