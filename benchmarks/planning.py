"""The processor time that a plan for many recordings takes, and its memory.

No part stands out: for each recording the system is asked ten times for a file's state, a header is
read, and three paths and three names of outputs are made, which are most of the memory, too: 1.5 kB
for each, of which the two paths that stay are a third.
"""

from pathlib import Path

from benchmarks.measurement import Measurement, Usage, used
from benchmarks.workshop import DALSTON, environment, small_recordings, workshop

FEW, MANY = 1_000, 100_000
FRAMES = 400


def measure() -> list[Measurement]:
    """Processor seconds and peak memory of a plan for many, and what each recording adds."""
    with workshop() as folder:
        few = _plan(folder, small_recordings(folder / "few", FEW, frames=FRAMES))
        many = _plan(folder, small_recordings(folder / "many", MANY, frames=FRAMES))
    each_us = 1e6 * (many.processor_s - few.processor_s) / (MANY - FEW)
    return [
        Measurement(
            name=f"plan over {MANY:,} small files",
            value=many.processor_s,
            unit="s",
            limit=10,
            detail=f"processor time of the whole command; {each_us:.0f} us for each",
        ),
        Measurement(
            name=f"peak memory, {MANY:,} files",
            value=many.peak_mb,
            unit="MB",
            limit=200,
            detail=f"of the whole command; {few.peak_mb:.0f} MB with {FEW:,}",
        ),
    ]


def _plan(folder: Path, recordings: Path) -> Usage:
    command = [DALSTON, "plan", str(recordings), "-m", "fake", "--json"]
    return used(command, environment(folder))
