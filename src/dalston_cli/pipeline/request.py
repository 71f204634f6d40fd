"""The user's request: recordings, and how to treat them. The command line fills these in.

Nothing here looks at a file, a catalog or an engine: ``plan`` does, and says what is impossible.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from msgspec import Struct

from dalston_cli.audio.channels import Channels
from dalston_cli.audio.clip import Clip
from dalston_cli.audio.tracks import Track
from dalston_cli.formats.options import RenderOptions
from dalston_cli.known_text.source import KnownTextSource
from dalston_cli.pipeline.endpoints import Source
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.spool import DEFAULT_LIMIT
from dalston_cli.settings.choices import Order, PullPolicy, RunnerName, ScheduleName
from dalston_cli.speakers.roster import Roster
from dalston_cli.stages.align import ALIGN
from dalston_cli.stages.base import Stage, typed
from dalston_cli.stages.overview import OVERVIEW
from dalston_cli.stages.refine import REFINE
from dalston_cli.stages.transcribe import TRANSCRIBE
from dalston_cli.stages.translate import TRANSLATE
from dalston_sdk.wire import AlignOptions, RefineOptions, TranscribeOptions, TranslateOptions

SpeakerNames = tuple[tuple[str, str], ...]
"""Labels such as ``SPEAKER_00``, each with a speaker's name."""

Cell = str | int | float | bool
"""What a column of a manifest has that is the user's own."""

AUTO_MODEL = "auto"
"""Take the best installed model that fits this machine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overrides:
    """Options of one recording from a manifest; None leaves the run's option as it is."""

    model: str | None = None
    language: str | None = None
    initial_prompt: str | None = None
    hotwords: tuple[str, ...] | None = None
    num_speakers: int | None = None
    min_speakers: int | None = None
    max_speakers: int | None = None
    speaker_names: SpeakerNames | None = None
    channels: Channels | None = None
    audio_track: Track | None = None
    clip: Clip | None = None


NO_OVERRIDES = Overrides()


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingRequest:
    """One recording to transcribe.

    Attributes:
        name: What to call it in messages and in the transcript: the path as the user gave it,
            undecodable bytes replaced; ``-`` for standard input.
        relative: Path below the input folder it was found in, or the bare file name: where its
            outputs go below the output folder. Its suffix is replaced by the format's.
        is_placed: The user said where its outputs go, so that no other place is found for them.
        size: Bytes, where they are known; lengths are estimated by them.
        columns: A manifest's columns that are the user's own, for the results.
    """

    source: Source
    name: str
    relative: Path
    is_placed: bool = False
    size: int | None = None
    overrides: Overrides = NO_OVERRIDES
    columns: tuple[tuple[str, Cell], ...] = ()


class Shard(Struct, frozen=True, kw_only=True):
    """One of ``of`` parts of all recordings, ``number`` from 1 on; see ``intake.shard``."""

    number: int
    of: int


@dataclass(frozen=True, kw_only=True)
class OutputTarget:
    """The place of transcripts.

    Attributes:
        folder: It mirrors the input tree; None for standard output.
        beside: Each goes beside its recording instead, wherever that lies.
        remote: Where ``folder`` is on another machine; None for this one.
        language_suffix: Names have the language of the text.
    """

    folder: Path | None = field(default_factory=Path)
    beside: bool = False
    remote: Address | None = None
    language_suffix: bool = False


@dataclass(frozen=True, kw_only=True)
class StageRequest:
    """The user's request for one stage.

    Attributes:
        options: Those that are None are left to the model's and the engine's defaults.
        model: Its id, or ``auto``.
        required: False for a stage that runs only where it is needed and there is a model for it.
        suggested: Options that only a named pipeline set: an engine that does not know one goes
            without it.
    """

    options: Struct
    model: str = AUTO_MODEL
    required: bool = True
    suggested: frozenset[str] = frozenset()


def _only_text() -> Mapping[Stage[Any, Any], StageRequest]:
    return {
        TRANSCRIBE: StageRequest(options=TranscribeOptions()),
        ALIGN: StageRequest(options=AlignOptions(), required=False),
    }


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Options of all recordings of a run, apart from a recording's own overrides.

    Attributes:
        stages: The request for each stage; those that are not wanted are missing.
        compute_type: Number format of the transcribing model, such as ``int8``; None lets the
            engine choose.
        roster: People whose voices get their names; None for no such wish.
        keep_doubtful: Keep text that cannot have been said.
        known_text: What is said in every recording, for its times alone; None to transcribe.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        gpus: The only GPUs to use, each as N of ``cuda:N``; the transcribing engine runs on every
            one of them. Empty for no such wish; otherwise ``device`` is ``cuda``.
        replicas: How many processes of the transcribing engine share the work; 1 or more.
        track: One of several audio tracks, or all; None to choose one.
        formats: Names of the output formats, at least one, none twice.
        optional_formats: Those of them to drop where a transcript lacks what they need.
        overwrite: Do everything again, stored results and finished outputs notwithstanding.
        strict: A failed optional stage fails its recording.
        fail_fast: Begin no further recording after the first that failed.
        accept_known_bad: A recording that an earlier run could not use is no failure of this one.
        pull: When to download weights.
        starter: Download a small model where none is installed or named, if ``pull`` allows it.
        offline: Never use the network.
        jobs: Recordings worked on at the same time, at least 1; None to go by the engine's slots.
        runner: What has engines work on recordings.
        scheduler: The address of Dask's scheduler; None for workers of this machine.
        spool_bytes: What may lie here at once of recordings from other machines.
        store: The address of the store of results; None for that of this machine.
        order: The recordings that are begun first.
        schedule: Work on all stages side by side, or on one after the other.
        keep_alive_s: Idle seconds until an engine stops itself; -1 for never, 0 at once.
        shard: The part of all recordings to work on; None for all. Their outputs are named as if
            it were all.
    """

    stages: Mapping[Stage[Any, Any], StageRequest] = field(default_factory=_only_text)
    compute_type: str | None = None
    pipeline: str | None = None
    speaker_names: SpeakerNames = ()
    roster: Roster | None = None
    keep_doubtful: bool = False
    known_text: KnownTextSource | None = None
    device: str = "auto"
    gpus: tuple[int, ...] = ()
    replicas: int = 1
    channels: Channels = "mix"
    track: Track | None = None
    clip: Clip | None = None
    formats: tuple[str, ...] = ("txt", "srt", "json")
    optional_formats: frozenset[str] = frozenset()
    output: OutputTarget = field(default_factory=OutputTarget)
    render: RenderOptions = field(default_factory=RenderOptions)
    bilingual: bool = False
    overwrite: bool = False
    strict: bool = False
    fail_fast: bool = False
    accept_known_bad: bool = False
    pull: PullPolicy = "missing"
    starter: bool = False
    offline: bool = False
    jobs: int | None = None
    runner: RunnerName = "local"
    scheduler: str | None = None
    spool_bytes: int = DEFAULT_LIMIT
    store: Address | None = None
    order: Order = "longest"
    schedule: ScheduleName = "auto"
    keep_alive_s: float = 300.0
    shard: Shard | None = None

    @property
    def model(self) -> str:
        """The id of the transcribing model, or ``auto``."""
        return self.stages[TRANSCRIBE].model

    def with_model(self, model: str) -> "RunOptions":
        """Return the same with another transcribing model."""
        request = replace(self.stages[TRANSCRIBE], model=model)
        return replace(self, stages={**self.stages, TRANSCRIBE: request})

    @property
    def language(self) -> str | None:
        """The language that recordings are said to be in; None detects it."""
        return typed(self.stages[TRANSCRIBE].options, TranscribeOptions).language

    @property
    def max_cost_usd(self) -> float | None:
        """The limit of what language models cost in the whole run; None for no limit."""
        paid = self.stages.get(REFINE) or self.stages.get(OVERVIEW)
        if paid:
            return typed(paid.options, RefineOptions).max_cost_usd
        return self._translating.max_cost_usd

    @property
    def translations(self) -> tuple[str, ...]:
        """The languages that transcripts are translated into, BCP-47 lower case, each once."""
        return tuple(dict.fromkeys(self._translating.languages or ()))

    @property
    def _translating(self) -> TranslateOptions:
        request = self.stages.get(TRANSLATE)
        return typed(request.options, TranslateOptions) if request else TranslateOptions()

    @property
    def num_replicas(self) -> int:
        """The number of processes of the transcribing engine: no GPU is left without one."""
        return max(self.replicas, len(self.gpus))
