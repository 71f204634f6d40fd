"""Everything a user can set, with its type and its default.

A setting has one name everywhere: the option ``--beam-size``, the key ``beam_size`` of
``config.toml`` and the variable ``DALSTON_BEAM_SIZE`` are the same setting.
"""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from dalston_cli.settings.choices import AlignPolicy, LauncherName, PullPolicy, RefineLevel, Task
from dalston_cli.settings.values import speakers_named, split_list, text_like

Text = Annotated[str, StringConstraints(min_length=1)]
List = BeforeValidator(split_list)
Probability = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Milliseconds = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Output(_Settings):
    """Where transcripts go and how their text is laid out."""

    output_dir: Text | None = None
    output_format: Annotated[tuple[Text, ...], List] = ()
    overwrite: bool = False
    fail_fast: bool = False
    strict: bool = False
    max_line_width: Annotated[int, Field(ge=8)] = 42
    max_line_count: Count = 2
    max_cue_duration: Seconds = 7.0
    min_cue_duration: Annotated[float, Field(ge=0)] = 0.833
    max_cps: Annotated[float, Field(ge=1)] = 20.0
    min_gap: Annotated[float, Field(ge=0, le=1)] = 0.083
    max_words_per_line: Count | None = None
    highlight_words: bool = False
    speakers: bool | None = None


class Model(_Settings):
    """Which model writes the text, and in which number format it computes."""

    model: Text = "auto"
    compute_type: Text | None = None


class Machine(_Settings):
    """Which part of which machine does the work."""

    device: Annotated[
        str, AfterValidator(text_like(r"auto|cpu|cuda(:\d+)?", "auto, cpu, cuda or cuda:N"))
    ] = "auto"
    gpus: Annotated[tuple[Annotated[int, Field(ge=0)], ...], List] = ()
    launcher: LauncherName = "auto"
    pull_image: PullPolicy = "missing"
    image_registry: Text | None = None
    base_image: Text | None = None
    engine_memory_mb: Annotated[int, Field(ge=64)] | None = None
    engine_cpus: Annotated[float, Field(gt=0)] | None = None
    replicas: Annotated[int, Field(ge=1, le=64)] = 1
    jobs: Annotated[int, Field(ge=1, le=256)] | None = None
    keep_alive: Annotated[float, Field(ge=-1)] = 300.0
    pull: PullPolicy = "missing"
    offline: bool = False


class Decoding(_Settings):
    """How speech becomes text; None leaves the choice to the model and the engine."""

    language: Text | None = None
    languages: Annotated[tuple[Text, ...] | None, List] = None
    task: Task | None = None
    batch_size: Count | None = None
    beam_size: Count | None = None
    best_of: Count | None = None
    patience: Annotated[float, Field(gt=0)] | None = None
    length_penalty: float | None = None
    repetition_penalty: Annotated[float, Field(gt=0)] | None = None
    no_repeat_ngram_size: Annotated[int, Field(ge=0)] | None = None
    temperature: Annotated[tuple[Probability, ...] | None, List] = None
    initial_prompt: str | None = None
    prefix: str | None = None
    hotwords: Annotated[tuple[Text, ...] | None, List] = None
    hotwords_file: Text | None = None
    condition_on_previous_text: bool | None = None
    prompt_reset_on_temperature: Probability | None = None
    compression_ratio_threshold: Annotated[float, Field(gt=0)] | None = None
    log_prob_threshold: Annotated[float, Field(le=0)] | None = None
    no_speech_threshold: Probability | None = None
    hallucination_silence_threshold: Seconds | None = None
    suppress_blank: bool | None = None
    suppress_tokens: Annotated[tuple[int, ...] | None, List] = None
    word_timestamps: bool | None = None
    multilingual: bool | None = None
    chunk_length: Seconds | None = None
    vad: bool | None = None
    vad_threshold: Probability | None = None
    min_speech_ms: Milliseconds | None = None
    min_silence_ms: Milliseconds | None = None
    speech_pad_ms: Milliseconds | None = None
    max_speech: Seconds | None = None


class Stages(_Settings):
    """What happens besides transcribing, and to which part of a recording."""

    channels: Annotated[
        str, AfterValidator(text_like(r"mix|split|\d{1,3}", "mix, split or a number from 0"))
    ] = "mix"
    clip: Text | None = None
    align: AlignPolicy = "auto"
    align_model: Text = "auto"
    diarize: bool = False
    diarize_model: Text = "auto"
    num_speakers: Count | None = None
    min_speakers: Count | None = None
    max_speakers: Count | None = None
    speaker_names: Annotated[tuple[Text, ...], List, AfterValidator(speakers_named)] = ()
    emotion: bool = False
    emotion_model: Text = "auto"
    emotion_threshold: Probability | None = None
    events: bool = False
    events_model: Text = "auto"
    events_threshold: Probability | None = None
    event_labels: Annotated[tuple[Text, ...] | None, List] = None
    min_event_ms: Milliseconds | None = None
    refine: bool = False
    refine_model: Text = "auto"
    refine_level: RefineLevel | None = None
    glossary: Annotated[tuple[Text, ...] | None, List] = None
    refine_batch: bool = False
    title: bool = False
    summary: bool = False
    chapters: bool = False
    action_items: bool = False
    max_cost: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class RemoteEngine(_Settings):
    """An engine that runs already, somewhere.

    Attributes:
        url: Where it listens, such as ``http://gpu-server:8401``.
        token_env: The environment variable that holds its bearer token.
    """

    url: Annotated[
        str, AfterValidator(text_like(r"https?://[^\s/]+\S*", "http://HOST:PORT or https://HOST"))
    ]
    token_env: Text | None = None


class PipelineSettings(Output, Model, Decoding, Stages):
    """What a named pipeline may set: everything about the work, nothing about the machine."""

    def stated(self) -> dict[str, Any]:
        """What it says itself, without defaults."""
        said = self.model_fields_set
        return {name: getattr(self, name) for name in type(self).model_fields if name in said}


class Settings(Output, Model, Machine, Decoding, Stages):
    """Every setting's value.

    Attributes:
        pipeline: The named pipeline whose settings hold where nothing else says otherwise.
    """

    pipeline: Text | None = None


class SettingsFile(Settings):
    """``config.toml``: settings, the same again per profile, and remote engines.

    Attributes:
        profile: The profile in force where neither ``--profile`` nor the environment names one.
        profiles: Settings that go before the file's own while their profile is in force.
        remote: By engine name.
    """

    profile: Text | None = None
    profiles: dict[str, Settings] = Field(default_factory=dict)
    remote: dict[str, RemoteEngine] = Field(default_factory=dict)

    def stated(self, profile: str | None) -> dict[str, Any]:
        """What the file itself says, or one of its profiles, without defaults."""
        part = self if profile is None else self.profiles[profile]
        return {
            name: getattr(part, name)
            for name in part.model_fields_set
            if name in Settings.model_fields
        }
