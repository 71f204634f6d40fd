"""What a benchmark beside the peers consists of: contenders, ratios of their seconds, and goals."""

import operator
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil

Seconds = Mapping[str, float]
"""A contender's median by its name."""
Ratio = Callable[[Seconds], float]


class ContenderError(Exception):
    """A contender did not do its work; the message is what it said."""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What a ratio is held against."""

    value: float
    at_least: bool = False

    def is_met(self, ratio: float) -> bool:
        """Return True if the ratio, as it is printed, keeps to the goal."""
        compare = operator.ge if self.at_least else operator.le
        return bool(compare(round(ratio, 2), self.value))

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.value:g}"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A ratio of one benchmark.

    Attributes:
        name: What it says, such as ``time over the bare library's``.
        of_work: It means something by processor time, too: nothing only waits or is out of sight.
    """

    name: str
    ratio: Ratio
    goal: Goal | None = None
    of_work: bool = True


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One way to do the work.

    Attributes:
        run: Does all of it, once.
        servers: Processes that live longer than a run, whose processor time is part of it.
        texts: The folder into which a run writes its ``.txt`` files, where it writes any.
        command: What ``run`` runs first, for the profiler; empty for what is not profiled.
        environ: The variables of ``command``.
        is_peer: It is repeated only as long as it has a chance to be the better peer.
        is_other: It is not Dalston, for the plot.
    """

    name: str
    run: Callable[[], None]
    servers: Callable[[], Sequence[psutil.Process]] = list
    texts: Path | None = None
    command: Sequence[str] = ()
    environ: Mapping[str, str] | None = None
    is_peer: bool = False
    is_other: bool = False


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much work there is.

    Attributes:
        looped: Short files with a command each.
        short: Short files in one call.
        minutes: Length of the long recording.
        mp3: Minutes of the MP3.
        null: Few and many files for an engine that answers at once.
        contained: The same for one in a container.
        awaited: The same for one that waits half a second over each file.
        rounds: How often every contender runs.
    """

    looped: int = 20
    short: int = 100
    minutes: int = 26
    mp3: int = 60
    null: tuple[int, int] = (50, 1050)
    contained: tuple[int, int] = (10, 210)
    awaited: tuple[int, int] = (8, 72)
    rounds: int = 5


FULL = Sizes()
QUICK = Sizes(
    looped=6,
    short=20,
    minutes=3,
    mp3=30,
    null=(20, 420),
    contained=(10, 110),
    awaited=(4, 28),
    rounds=2,
)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the benchmarks of one run share.

    Attributes:
        folder: Empty, short, and removed at the end.
        cache: Environments and weights, kept for the next run.
        speech: Recordings from which material is cut.
        threads: Processor threads for every contender.
        closing: What is to be ended after the benchmark, such as engines.
    """

    folder: Path
    cache: Path
    speech: Path
    threads: int
    sizes: Sizes
    closing: ExitStack


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """One comparison.

    Attributes:
        what: The work; may name sizes in braces.
        contenders: Prepares the material and returns who does the work, given the setting and a
            model; the model is empty where none is used.
        missing: Returns what this machine lacks for it, or nothing.
        next_step: What stands in the way of its goals, by the profile, and what would help; shown
            where one is missed.
    """

    name: str
    what: str
    contenders: Callable[[Setting, str], Sequence[Contender]]
    figures: Sequence[Figure]
    uses_models: bool = True
    missing: Callable[[], str] = str
    next_step: str = ""


def over(contender: str, other: str) -> Ratio:
    """Return the ratio that tells how many times as long a contender takes as another one."""
    return lambda seconds: seconds[contender] / seconds[other]


def better_of(peers: Sequence[str], contender: str) -> Ratio:
    """Return the ratio that tells how many times as fast it is as the quickest of the peers."""
    return lambda seconds: (
        min(seconds[peer] for peer in peers if peer in seconds) / seconds[contender]
    )
