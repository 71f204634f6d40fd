"""One figure of a benchmark, with what it is held against."""

import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A figure and its limit.

    Attributes:
        value: What was measured.
        unit: ``x`` for ratios, else the unit in words.
        limit: What the project holds itself to; None where there is no promise.
        detail: What the clock covered.
    """

    name: str
    value: float
    unit: str
    limit: float | None = None
    detail: str = ""

    @property
    def kept(self) -> bool:
        """True if the figure is within its limit."""
        return self.limit is None or self.value <= self.limit


def median_seconds(
    commands: Sequence[Sequence[str]], *, rounds: int, env: Mapping[str, str] | None = None
) -> list[float]:
    """Median wall seconds of each command, run in turns so that the machine treats them alike."""
    seconds: list[list[float]] = [[] for _ in commands]
    for _ in range(rounds):
        for command, times in zip(commands, seconds, strict=True):
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True, env=env)
            times.append(time.perf_counter() - start)
    return [statistics.median(times) for times in seconds]
