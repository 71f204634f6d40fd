"""What was measured, as it is kept in ``results.json``; the page is written from nothing else."""

from pathlib import Path

import msgspec
from msgspec import Struct

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
        processor: The same ratio of processor seconds, which other work changes less.
        goal: In words; None where the project promises nothing.
    """

    name: str
    value: float
    processor: float
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
        not_run: Why it was not run; empty where it was.
        costs: The top costs of Dalston, where a goal was missed.
    """

    benchmark: str
    what: str
    model: str
    findings: tuple[Finding, ...] = ()
    timings: dict[str, Timing] = {}
    costs: tuple[Cost, ...] = ()
    not_run: str = ""


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
        load: The highest load average before a benchmark began, per core.
    """

    machine: Machine
    measured: str
    speech: str
    versions: dict[str, str]
    load: float
    outcomes: tuple[Outcome, ...]

    def joined(self, older: "Results | None") -> "Results":
        """Return these results with the outcomes of an older run that this one did not measure."""
        if older is None or (older.machine, older.versions) != (self.machine, self.versions):
            return self
        kept = {(each.benchmark, each.model): each for each in older.outcomes}
        kept |= {(each.benchmark, each.model): each for each in self.outcomes}
        return msgspec.structs.replace(
            self, outcomes=tuple(kept.values()), load=max(self.load, older.load)
        )


def read(path: Path) -> Results | None:
    """Return results that were kept; None where there are none."""
    return msgspec.json.decode(path.read_bytes(), type=Results) if path.exists() else None


def write(results: Results, path: Path) -> None:
    """Keep results for the page."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
