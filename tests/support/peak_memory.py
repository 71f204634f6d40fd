"""The most memory that a running process took, from a moment on."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_RESET_PEAK = "5"
_MOST_MEASUREMENTS = 3


@dataclass
class Peak:
    """Set at the end of ``peak_memory``."""

    mb: float = 0.0


@contextmanager
def peak_memory(pid: int) -> Iterator[Peak]:
    """Measure the most resident memory of a process within the context; MB.

    Reference: proc(5), ``clear_refs`` and ``VmHWM``.
    """
    Path(f"/proc/{pid}/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    peak = Peak()
    yield peak
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(each for each in status.splitlines() if each.startswith("VmHWM"))
    peak.mb = int(line.split()[1]) * 1024 / 1e6


def growth_mb_per_hour(
    pid: int,
    work: Callable[[float], object],
    *,
    minutes: tuple[float, float],
    limit: float,
) -> float:
    """Return by how much the peak memory of a process grows with the length of a recording.

    An allocator keeps more at times; what grows with the length is there every time. So the least
    of several measurements counts.

    Args:
        pid: The process.
        work: Has it work on a recording of so many minutes.
        minutes: A short length and a long one; with the short one the process is warm.
        limit: The first growth below it is returned; MB per hour.
    """
    work(minutes[0])
    growth = math.inf
    for _ in range(_MOST_MEASUREMENTS):
        peaks = []
        for length in minutes:
            with peak_memory(pid) as peak:
                work(length)
            peaks.append(peak.mb)
        growth = min(growth, (peaks[1] - peaks[0]) / (minutes[1] - minutes[0]) * 60)
        if growth < limit:
            break
    return growth
