"""Events of a run, as values: the console draws them, ``--json`` prints them.

Every event is one line of NDJSON, told apart by ``event``.
"""

from typing import Any, Literal

from msgspec import Struct, field

from dalston_cli.launchers.pool.notices import PassedOver, Ready, Starting, Taken
from dalston_sdk.wire import KnownText, Segment

EngineStarting = Starting
EngineReady = Ready
EnginePassedOver = PassedOver
EngineTaken = Taken


class _Event(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event"):
    """Something that happened."""


class ShardInfo(Struct, frozen=True, kw_only=True):
    """The part of ``found`` recordings that a run works on: shard ``number`` of ``of``."""

    number: int
    of: int
    found: int


class ScheduleInfo(Struct, frozen=True, kw_only=True):
    """The schedule of a run, and the reason for it.

    Attributes:
        schedule: ``pipelined`` works on all stages of a recording side by side, ``staged`` on each
            of ``phases`` over all recordings, before the engines of the next one are started.
        phases: The stages of each phase; empty where it is pipelined.
    """

    schedule: Literal["pipelined", "staged"]
    reason: str
    phases: tuple[tuple[str, ...], ...] = ()


class RunStarted(_Event, frozen=True, kw_only=True, tag="run_started"):
    """A run over ``num_recordings`` recordings begins.

    Attributes:
        stages: What engines do to the first recording: per stage, the seconds of work for a second
            of audio in earlier runs; None where there were none.
        shard: The part of all recordings that these are; None for all.
        schedule: Whether stages run side by side, and why.
    """

    run: str
    num_recordings: int
    stages: dict[str, float | None] = field(default_factory=dict)
    shard: ShardInfo | None = None
    schedule: ScheduleInfo | None = None


class ModelPulling(_Event, frozen=True, kw_only=True, tag="model_pulling"):
    """Progress of a model's download; ``total_bytes`` is 0 until it is known."""

    model: str
    step: Literal["waiting", "asking", "checking", "downloading"]
    done_bytes: int = 0
    total_bytes: int = 0


class JobStarted(_Event, frozen=True, kw_only=True, tag="job_started"):
    """Work on one recording begins."""

    recording: str
    duration_s: float | None = None


class StageStarted(_Event, frozen=True, kw_only=True, tag="stage_started"):
    """A stage of one recording begins."""

    recording: str
    stage: str
    engine: str | None = None
    model: str | None = None


class ModelLoading(_Event, frozen=True, kw_only=True, tag="model_loading"):
    """An engine loads a model for a stage of one recording."""

    recording: str
    stage: str


class StageProgress(_Event, frozen=True, kw_only=True, tag="stage_progress"):
    """Progress of a stage, in seconds of audio."""

    recording: str
    stage: str
    done_s: float
    total_s: float


class PartialText(_Event, frozen=True, kw_only=True, tag="partial_text"):
    """Segments of one recording as they come."""

    recording: str
    segments: tuple[Segment, ...]


class StageFinished(_Event, frozen=True, kw_only=True, tag="stage_finished"):
    """A stage of one recording ended.

    Attributes:
        reused: Its result was already stored.
        duration_s: Of the audio, which is known when it was prepared; None for other stages.
    """

    recording: str
    stage: str
    status: Literal["done", "skipped", "failed"]
    reused: bool = False
    elapsed_s: float = 0.0
    reason: str | None = None
    duration_s: float | None = None


class WarningRaised(_Event, frozen=True, kw_only=True, tag="warning"):
    """Something the user should know; ``recording`` is None where it is about the run."""

    code: str
    message: str
    recording: str | None = None
    stage: str | None = None
    hint: str | None = None


class ErrorInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error as data."""

    code: str
    message: str
    hint: str | None = None
    recording: str | None = None
    stage: str | None = None


JobStatus = Literal["done", "unchanged", "partial", "failed", "known_bad", "cancelled"]


class JobFinished(_Event, frozen=True, kw_only=True, tag="job_finished"):
    """One recording is finished.

    Attributes:
        status: ``unchanged`` is one that nothing had to be done for, ``known_bad`` one that cannot
            be used and whose user knows.
        known_text: What was found of a text that was known.
        acceptable: True for one that failed, and that ``dalston runs accept`` would make known.
        rtfx: Audio seconds per wall second from the job's start to its written files, the wait
            for an engine included; None where no engine had to work.
    """

    recording: str
    status: JobStatus
    outputs: tuple[str, ...] = ()
    duration_s: float | None = None
    elapsed_s: float = 0.0
    rtfx: float | None = None
    error: ErrorInfo | None = None
    acceptable: bool = False
    warnings: tuple[str, ...] = ()
    known_text: KnownText | None = None


class JobWaiting(_Event, frozen=True, kw_only=True, tag="job_waiting"):
    """One recording has gone through a phase of a staged run, and waits for the next one.

    Its results are stored; it begins again in the next phase.

    Attributes:
        elapsed_s: Wall seconds in this phase.
        worked: An engine had to work.
    """

    recording: str
    elapsed_s: float = 0.0
    worked: bool = False


class RunFinished(_Event, frozen=True, kw_only=True, tag="run_finished"):
    """The run is over: the final report.

    Attributes:
        counts: Recordings per status; those that were never begun are ``not_started``.
        audio_s: Audio that engines worked on, in seconds.
        models, engines: Digest per model id, fingerprint per engine, of what was used.
        passed_over: Files in the given folders that are no recordings, by suffix, and as
            ``folder`` the folders that were not entered.
        shard: The part of all recordings that these are; None for all.
        schedule: Whether stages ran side by side, and why.
        engine_use: What each engine took when it was last looked at.
    """

    run: str
    counts: dict[str, int]
    audio_s: float
    elapsed_s: float
    exit_code: int
    pipeline: str | None = None
    errors: tuple[ErrorInfo, ...] = ()
    models: dict[str, str] = field(default_factory=dict)
    engines: dict[str, str] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    passed_over: dict[str, int] = field(default_factory=dict)
    shard: ShardInfo | None = None
    schedule: ScheduleInfo | None = None
    engine_use: tuple[EngineTaken, ...] = ()


Event = (
    RunStarted
    | EngineStarting
    | EngineReady
    | EnginePassedOver
    | ModelPulling
    | JobStarted
    | StageStarted
    | ModelLoading
    | StageProgress
    | PartialText
    | StageFinished
    | WarningRaised
    | JobWaiting
    | JobFinished
    | RunFinished
)
