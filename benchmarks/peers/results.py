"""What was measured, as it is kept in ``results.json``; the page is written from nothing else."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

KEPT = Path(__file__).with_name("results.json")


class Timing(Struct, frozen=True, kw_only=True):
    """What one contender took.

    Attributes:
        seconds: The median by the clock.
        processor_s: The median of what its processes used, engines included.
        differs: Words that differ from the first peer's, per word; None where there is no text.
        is_other: It was not Dalston's.
    """

    seconds: float
    least_s: float
    most_s: float
    processor_s: float
    runs: int
    differs: float | None = None
    is_other: bool = False


class Finding(Struct, frozen=True, kw_only=True):
    """A ratio beside its goal.

    Attributes:
        processor: The same ratio of processor seconds, which other work changes less; None
            where it says nothing.
        goal: In words; None where the project promises nothing.
    """

    name: str
    value: float
    processor: float | None
    goal: str | None
    is_met: bool


class Cost(Struct, frozen=True, kw_only=True):
    """One function in a profile, and its part of the samples."""

    process: str
    where: str
    percent: float


class Outcome(Struct, frozen=True, kw_only=True):
    """One benchmark with one model.

    Attributes:
        measured: The date.
        other_work: The part of the processor that was in use before it began, 0 to 1; None where
            that was not measured.
        not_run: Why it was not run; empty where it was.
        failed: It was not run because a contender failed.
        costs: The top costs of Dalston, where a goal was missed.
    """

    benchmark: str
    what: str
    model: str
    measured: str
    other_work: float | None = None
    findings: tuple[Finding, ...] = ()
    timings: dict[str, Timing] = {}
    costs: tuple[Cost, ...] = ()
    not_run: str = ""
    failed: bool = False


class Machine(Struct, frozen=True, kw_only=True):
    """Where it was measured."""

    processor: str
    cores: int
    memory_gb: int
    system: str
    python: str


class Results(Struct, frozen=True, kw_only=True):
    """One run, or several on one machine with the same versions.

    Attributes:
        versions: Of Dalston and of what it is compared with.
    """

    machine: Machine
    speech: str
    versions: dict[str, str]
    outcomes: tuple[Outcome, ...]

    def joined(self, older: "Results | None", order: Sequence[str]) -> "Results":
        """Return these results, and those outcomes of an older run that this one did not measure.

        Args:
            older: Ignored where it is of another machine, other versions, or other speech.
            order: The names of all benchmarks.
        """
        alike = older is not None and replace(older, outcomes=()) == replace(self, outcomes=())
        kept = older.outcomes if older is not None and alike else ()
        found = {(each.benchmark, each.model): each for each in (*kept, *self.outcomes)}
        known = [each for each in found.values() if each.benchmark in order]
        known.sort(key=lambda each: order.index(each.benchmark))
        return replace(self, outcomes=tuple(known))


def read(path: Path) -> Results | None:
    """Return results that were kept; None where there are none."""
    return msgspec.json.decode(path.read_bytes(), type=Results) if path.exists() else None


def write(results: Results, path: Path) -> None:
    """Keep results for the page."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
