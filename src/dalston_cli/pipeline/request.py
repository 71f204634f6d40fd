"""What the user asks for: recordings, and how to treat them. The command line fills these in.

Nothing here looks at a file, a catalog or an engine: ``plan`` does, and says what is impossible.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dalston_cli.audio.channels import Channels
from dalston_cli.audio.clip import Clip
from dalston_cli.formats.options import RenderOptions
from dalston_cli.settings.choices import AlignPolicy, PullPolicy
from dalston_sdk.wire import (
    AlignOptions,
    DiarizeOptions,
    EmotionOptions,
    EventsOptions,
    RefineOptions,
    Stage,
    TranscribeOptions,
)

SpeakerNames = tuple[tuple[str, str], ...]
"""Labels such as ``SPEAKER_00``, each with the name of who that is."""

AUTO_MODEL = "auto"
"""Take the best installed model that fits this machine."""

OVERVIEW = ("title", "summary", "chapters", "action_items")
"""What a language model can write about a text, as settings and options on the wire call it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overrides:
    """What a manifest says about one recording; None leaves the run's option as it is."""

    model: str | None = None
    language: str | None = None
    initial_prompt: str | None = None
    hotwords: tuple[str, ...] | None = None
    num_speakers: int | None = None
    min_speakers: int | None = None
    max_speakers: int | None = None
    speaker_names: SpeakerNames | None = None
    channels: Channels | None = None
    clip: Clip | None = None


NO_OVERRIDES = Overrides()


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingRequest:
    """One recording to transcribe.

    Attributes:
        source: The file; None for standard input.
        name: What to call it in messages and in the transcript: the path as the user gave it,
            undecodable bytes replaced; ``-`` for standard input.
        relative: Path below the input folder it was found in, or the bare file name: where its
            outputs go below the output folder. Its suffix is replaced by the format's.
        size: Bytes, where they are known; larger recordings are begun first.
        overrides: What a manifest says about this recording.
    """

    source: Path | None
    name: str
    relative: Path
    size: int | None = None
    overrides: Overrides = NO_OVERRIDES


@dataclass(frozen=True, kw_only=True)
class OutputTarget:
    """Where transcripts go: a folder that mirrors the input tree, or standard output.

    Attributes:
        folder: None for standard output, which takes one recording only.
    """

    folder: Path | None = field(default_factory=Path)


@dataclass(frozen=True, kw_only=True)
class StageModels:
    """The model of each optional stage; ``auto`` takes the best installed one."""

    align: str = AUTO_MODEL
    diarize: str = AUTO_MODEL
    emotion: str = AUTO_MODEL
    events: str = AUTO_MODEL
    refine: str = AUTO_MODEL


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How all recordings of a run are treated, apart from a recording's own overrides.

    Attributes:
        model: Id of the transcribing model, or ``auto``.
        compute_type: Number format such as ``int8``; None lets the engine choose.
        transcribe: Options that are None are left to the model's and the engine's defaults.
        pipeline: The named pipeline that some of these come from; None without one.
        suggested: Options that only the pipeline set, by stage: an engine that does not know one
            goes without it.
        diarize, emotion, events, refine: None where the stage was not asked for.
        overview: What a language model is to write about the text, once ``refine`` has put it
            right; it is the same stage with other work, and a result of its own.
        stage_models: The models of the stages besides transcribe.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        gpus: The only GPUs to use, each as N of ``cuda:N``; the transcribing engine runs on every
            one of them. Empty for no such wish; otherwise ``device`` is ``cuda``.
        replicas: How many processes of the transcribing engine share the work; 1 or more.
        formats: Names of the output formats, at least one, none twice.
        optional_formats: Those of them to drop where a transcript lacks what they need.
        render: How formats write text.
        overwrite: Do everything again, stored results and finished outputs notwithstanding.
        strict: A failed optional stage fails its recording.
        fail_fast: Begin no further recording after the first that failed.
        pull: When to download weights.
        offline: Never use the network.
        jobs: Recordings worked on at the same time, at least 1; None to go by the engine's slots.
        keep_alive_s: Idle seconds until an engine stops itself; -1 for never, 0 at once.
    """

    model: str = AUTO_MODEL
    compute_type: str | None = None
    pipeline: str | None = None
    suggested: Mapping[Stage, frozenset[str]] = field(default_factory=dict)
    transcribe: TranscribeOptions = field(default_factory=TranscribeOptions)
    align: AlignPolicy = "auto"
    align_options: AlignOptions = field(default_factory=AlignOptions)
    diarize: DiarizeOptions | None = None
    emotion: EmotionOptions | None = None
    events: EventsOptions | None = None
    refine: RefineOptions | None = None
    overview: RefineOptions | None = None
    speaker_names: SpeakerNames = ()
    stage_models: StageModels = StageModels()
    device: str = "auto"
    gpus: tuple[int, ...] = ()
    replicas: int = 1
    channels: Channels = "mix"
    clip: Clip | None = None
    formats: tuple[str, ...] = ("txt", "srt", "json")
    optional_formats: frozenset[str] = frozenset()
    output: OutputTarget = field(default_factory=OutputTarget)
    render: RenderOptions = field(default_factory=RenderOptions)
    overwrite: bool = False
    strict: bool = False
    fail_fast: bool = False
    pull: PullPolicy = "missing"
    offline: bool = False
    jobs: int | None = None
    keep_alive_s: float = 300.0

    @property
    def max_cost_usd(self) -> float | None:
        """What language models may cost in the whole run; None for no limit."""
        paid = self.refine or self.overview
        return paid.max_cost_usd if paid else None

    @property
    def num_replicas(self) -> int:
        """How many processes of the transcribing engine there are: no GPU is left without one."""
        return max(self.replicas, len(self.gpus))
