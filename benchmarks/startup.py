"""What a command costs before it works: help beside the import of Typer, and single recordings.

A command whose result is stored takes 0.76 of what it took with pydantic. What is left of it is
flat: 440 modules, of which Typer is a sixth, asyncio a tenth, and none of ours more than a
fiftieth; a quarter is work. A new recording takes a third more, the way to the engine, where it is
what engines read already, as it is here. Any other one starts the decoder's process, with numpy
and PyAV: as much again.
"""

import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.measurement import Measurement, median_seconds, used
from benchmarks.workshop import DALSTON, environment, small_recordings, workshop

_ROUNDS = 30
_LIMIT = 1.5
NUM_RECORDINGS = 20


def measure() -> list[Measurement]:
    """Return the ratios of two short commands, and the cost of a loop over recordings."""
    with workshop() as folder:
        return [*_short_commands(folder), *_loop(folder)]


def _short_commands(folder: Path) -> list[Measurement]:
    typer, help_, version = median_seconds(
        [
            [sys.executable, "-c", "import typer"],
            [sys.executable, "-m", "dalston_cli", "--help"],
            [sys.executable, "-m", "dalston_cli", "--version"],
        ],
        rounds=_ROUNDS,
        env=environment(folder),
    )
    clock = f"the whole process against python -c 'import typer', medians of {_ROUNDS} in turns"
    return [
        Measurement(
            name="dalston --help", value=help_ / typer, unit="x", limit=_LIMIT, detail=clock
        ),
        Measurement(
            name="dalston --version", value=version / typer, unit="x", limit=_LIMIT, detail=clock
        ),
    ]


def _loop(folder: Path) -> list[Measurement]:
    """Measure one command for each of some recordings: new ones, then the same again."""
    warm, *recordings = sorted(small_recordings(folder / "in", NUM_RECORDINGS + 1).iterdir())
    subprocess.run(_command(folder, warm), env=environment(folder), check=True)
    found = []
    for name in ("engine warm, recording new", "result stored"):
        costs = [used(_command(folder, path), environment(folder)) for path in recordings]
        found.append(
            Measurement(
                name=f"one command, {name}",
                value=statistics.median(cost.processor_s for cost in costs),
                unit="s",
                limit=0.3,
                detail=f"processor time of ours, median of {NUM_RECORDINGS} commands in a loop",
            )
        )
    return found


def _command(folder: Path, recording: Path) -> list[str]:
    return [DALSTON, "transcribe", str(recording), "-o", str(folder / "out"), "-m", "fake", "-q"]
