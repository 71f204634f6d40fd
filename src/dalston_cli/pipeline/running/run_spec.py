"""What a run is to do: its recordings, and how each becomes a job."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.launchers.failure import LauncherUnavailableError
from dalston_cli.pipeline.events import ShardInfo
from dalston_cli.pipeline.jobs.base import Job
from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.pipeline.plan.planner import Planner
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
class RunSpec:
    """The recordings of a run, and how to treat them.

    Attributes:
        stems: Per recording, the path of its outputs without extension; None for standard output.
        jobs: Recordings in work at the same time, at least 1.
        replan: Returns a planner that does without a launcher that stopped working; None where the
            user asked for it.
        shard: The part of all recordings that these are; None for all.
        decoded_bytes: The room for decoded audio of all recordings in work; None for no limit.
    """

    recordings: Sequence[RecordingRequest]
    stems: Sequence[Path] | None
    planner: Planner
    options: RunOptions
    jobs: int
    replan: Callable[[LauncherUnavailableError], Planner] | None = None
    shard: ShardInfo | None = None
    decoded_bytes: int | None = None

    def job(self, recording: RecordingRequest, plan: RecordingPlan, stem: Path | None) -> Job:
        """Return the job of a recording, which is not begun yet."""
        return Job(
            recording=recording,
            plan=plan,
            number=0,
            output=None if stem is None else str(stem),
            overwrite=self.options.overwrite,
            strict=self.options.strict,
            may_move=self.replan is not None,
            accept_known_bad=self.options.accept_known_bad,
        )
