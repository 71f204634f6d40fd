"""One figure of a benchmark, with what it is held against."""

import os
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


@dataclass(frozen=True, order=True)
class Usage:
    """What a command and the processes that it started and waited for took.

    Attributes:
        processor_s: Seconds of processor time; other work on the machine makes them more, by half
            at most, where it makes wall time many times more.
        peak_mb: Peak resident size.
    """

    processor_s: float
    peak_mb: float


def used(command: Sequence[str], env: Mapping[str, str], *, rounds: int = 1) -> Usage:
    """Return the usage of a command, the best of some rounds."""
    return min(_used_once(command, env) for _ in range(rounds))


def _used_once(command: Sequence[str], env: Mapping[str, str]) -> Usage:
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Usage(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
