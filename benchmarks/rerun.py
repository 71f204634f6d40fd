"""The cost of the same command again, when there is nothing left to do."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.measurement import Measurement, median_seconds
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
    """What a finished recording adds: processor time over that of starting, and peak memory."""
    with workshop() as folder:
        few, many = (_again_over(folder, count) for count in (FEW, MANY))
        start = _used([DALSTON, "--version"], folder)
    per_recording_s = (many[0] - few[0]) / (MANY - FEW)
    return [
        Measurement(
            name="10,000 finished recordings over the start of the command",
            value=10_000 * per_recording_s / start[0],
            unit="x",
            limit=15,
            detail=f"processor time; ({MANY} recordings - {FEW}) / {MANY - FEW} = "
            f"{1e6 * per_recording_s:.0f} us, the start {start[0]:.2f} s",
        ),
        Measurement(
            name=f"peak memory, {MANY} finished recordings over {FEW}",
            value=many[1] / few[1],
            unit="x",
            limit=1.5,
            detail="of the whole command",
        ),
    ]


def _again_over(folder: Path, count: int) -> tuple[float, int]:
    """Return processor seconds and peak memory of the second run over ``count`` recordings."""
    recordings = small_recordings(folder / f"in-{count}", count)
    command = [DALSTON, "transcribe", str(recordings), "-o", str(folder / f"out-{count}")]
    command += ["-m", "fake", "-q"]
    subprocess.run(command, env=environment(folder), check=True)
    return _used(command, folder)


def _used(command: list[str], folder: Path) -> tuple[float, int]:
    """Return processor seconds and peak memory in kB of a command, the best of three."""
    found = []
    for _ in range(3):
        process = subprocess.Popen(command, env=environment(folder), stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        found.append((used.ru_utime + used.ru_stime, used.ru_maxrss))
    return min(found)
