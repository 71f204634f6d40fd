"""What a run is to do: its recordings, and how each becomes a job."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from dalston_cli.launchers.failure import LauncherUnavailableError
from dalston_cli.pipeline.events import JobFinished, ShardInfo
from dalston_cli.pipeline.jobs.base import Job
from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.pipeline.plan.planner import Planner
from dalston_cli.pipeline.plan.schedule import PIPELINED, Schedule, Turn
from dalston_cli.pipeline.request import RecordingRequest, RunOptions

DECODED_AHEAD = 2
"""Recordings in work beyond the engine's slots, at least."""

SLOTS_PER_DECODED = 2
"""Of many slots, so many to each recording that is decoded ahead: more than one engine is to find
the next recording ready when it is done with one."""


def jobs_at_once(plan: RecordingPlan, replicas: int) -> int:
    """Return how many recordings keep the transcribing engine busy."""
    slots = plan.transcribe.engine.slots * replicas
    return slots + max(DECODED_AHEAD, slots // SLOTS_PER_DECODED)


@dataclass(frozen=True, kw_only=True)
class Item:
    """A recording in a turn of a run.

    Attributes:
        place: Among all recordings.
        stem: The path of its outputs without extension; None for standard output.
        number: In the journal; 0 before it is begun for the first time.
        earlier_s: Wall seconds in earlier turns.
        worked: An engine had to work in one of them.
    """

    place: int
    recording: RecordingRequest
    stem: Path | None
    turn: Turn
    number: int = 0
    earlier_s: float = 0.0
    worked: bool = False

    def summed(self, finished: JobFinished) -> JobFinished:
        """Return the report of its last turn with the work of all of them."""
        if not self.earlier_s:
            return finished
        elapsed_s = finished.elapsed_s + self.earlier_s
        worked = (self.worked or finished.rtfx is not None) and finished.duration_s is not None
        rtfx = (finished.duration_s or 0.0) / elapsed_s if worked else None
        return msgspec.structs.replace(finished, elapsed_s=elapsed_s, rtfx=rtfx)


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """The recordings of a run, and how to treat them.

    Attributes:
        stems: Per recording, the path of its outputs without extension; None for standard output.
        jobs: Recordings in work at the same time, at least 1.
        replan: Returns a planner that does without a launcher that stopped working; None where the
            user asked for it.
        shard: The part of all recordings that these are; None for all.
        decoded_bytes: The room for decoded audio of all recordings in work; None for no limit.
        schedule: Its turns over all recordings.
    """

    recordings: Sequence[RecordingRequest]
    stems: Sequence[Path] | None
    planner: Planner
    options: RunOptions
    jobs: int
    replan: Callable[[LauncherUnavailableError], Planner] | None = None
    shard: ShardInfo | None = None
    decoded_bytes: int | None = None
    schedule: Schedule = PIPELINED

    def job(self, item: Item, plan: RecordingPlan, number: int = 0) -> Job:
        """Return the job of a recording, under its number in the journal once it is begun."""
        return Job(
            recording=item.recording,
            plan=plan,
            number=number,
            output=None if item.stem is None else str(item.stem),
            overwrite=self.options.overwrite,
            strict=self.options.strict,
            may_move=self.replan is not None,
            accept_known_bad=self.options.accept_known_bad,
            turn=item.turn,
        )
