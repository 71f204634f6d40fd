"""Requests and results of every stage that an engine can run.

An option that is None is unset: the engine's or the model's default applies, and the result's
``effective`` says which value that was. An engine refuses a set option that it does not support.
"""

from enum import Enum
from typing import Any, Literal

from msgspec import Struct, field

from dalston_sdk.wire.transcript import (
    ActionItem,
    AudioEvent,
    Chapter,
    Emotion,
    Notice,
    Segment,
    SpeakerTurn,
    SpeechRegion,
    TokenPrices,
    TokenUsage,
)


class Stage(str, Enum):
    """A step that an engine runs; its value is its name on the wire and in catalogs."""

    TRANSCRIBE = "transcribe"
    ALIGN = "align"
    DIARIZE = "diarize"
    EMOTION = "emotion"
    EVENTS = "events"
    REFINE = "refine"


class ModelRef(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The weights a request needs loaded.

    Attributes:
        runtime_id: What the library calls the model.
        path: Folder or file of the weights: absolute as the engine sees it, or relative to the
            engine's own folder of weights; None where the engine's own package carries them.
        compute_type: Number format such as ``int8`` or ``float16``; None lets the engine choose.
    """

    runtime_id: str
    path: str | None = None
    compute_type: str | None = None


class TranscribeOptions(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """How to turn speech into text; names and meanings follow whisper's where it has them.

    Attributes:
        language: BCP-47 lower case; None detects it.
        languages: When detecting, only these come into question.
        task: ``translate`` means into English.
        temperature: The ladder of temperatures to fall back through.
        hotwords: Words and names to expect.
        vad: Whether silence is cut away before decoding.
        multilingual: Detect the language anew for every segment.
    """

    language: str | None = None
    languages: tuple[str, ...] | None = None
    task: Literal["transcribe", "translate"] | None = None
    batch_size: int | None = None
    beam_size: int | None = None
    best_of: int | None = None
    patience: float | None = None
    length_penalty: float | None = None
    repetition_penalty: float | None = None
    no_repeat_ngram_size: int | None = None
    temperature: tuple[float, ...] | None = None
    initial_prompt: str | None = None
    prefix: str | None = None
    hotwords: tuple[str, ...] | None = None
    condition_on_previous_text: bool | None = None
    prompt_reset_on_temperature: float | None = None
    compression_ratio_threshold: float | None = None
    log_prob_threshold: float | None = None
    no_speech_threshold: float | None = None
    hallucination_silence_threshold_s: float | None = None
    suppress_blank: bool | None = None
    suppress_tokens: tuple[int, ...] | None = None
    word_timestamps: bool | None = None
    multilingual: bool | None = None
    chunk_length_s: float | None = None
    vad: bool | None = None
    vad_threshold: float | None = None
    min_speech_ms: int | None = None
    min_silence_ms: int | None = None
    speech_pad_ms: int | None = None
    max_speech_s: float | None = None


class AlignOptions(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """How to find each word's time for a known text."""

    batch_size: int | None = None
    interpolate: Literal["nearest", "linear", "ignore"] | None = None


class DiarizeOptions(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """How to find who spoke when; ``num_speakers`` excludes the other two.

    Attributes:
        chunk_s: Work on so much of a recording at a time, to bound memory, and find the speakers of
            one chunk again in the next.
    """

    num_speakers: int | None = None
    min_speakers: int | None = None
    max_speakers: int | None = None
    batch_size: int | None = None
    chunk_s: float | None = None


class EmotionOptions(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """How to label segments; below ``threshold`` (0 to 1) the label is ``unknown``."""

    threshold: float | None = None
    batch_size: int | None = None


class EventsOptions(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """How to find audio events.

    Attributes:
        threshold: An event has to score as much somewhere; 0 to 1.
        off_threshold: It lasts for as long as it scores this much; at most ``threshold``.
        min_duration_ms: Shorter events are left out.
        max_gap_ms: Events of one label with no more than this between them are one.
        labels: Only these, by their AudioSet names.
    """

    threshold: float | None = None
    off_threshold: float | None = None
    min_duration_ms: int | None = None
    max_gap_ms: int | None = None
    labels: tuple[str, ...] | None = None
    batch_size: int | None = None


class RefineOptions(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """How far a language model may clean the text up, and what it is to write about it.

    Attributes:
        level: How much may change; at ``none`` the text stays as it is.
        glossary: Words and names in their right spelling.
        max_cost_usd: What the whole request may cost at most; what could cost more is refused.
        prices: What the model's tokens cost.
        batch: Hand everything in at once, and wait for up to a day at a lower price.
        title, summary, chapters, action_items: Whether to write these, about the text as it is
            after the clean-up.
    """

    level: Literal["none", "light", "standard", "verbatim+punctuation"] | None = None
    glossary: tuple[str, ...] | None = None
    max_cost_usd: float | None = None
    prices: TokenPrices | None = None
    batch: bool | None = None
    title: bool | None = None
    summary: bool | None = None
    chapters: bool | None = None
    action_items: bool | None = None


class _Request(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="stage"):
    """What every request says."""

    model: ModelRef


class TranscribeRequest(_Request, frozen=True, kw_only=True, tag="transcribe"):
    """Turn audio into segments with words."""

    options: TranscribeOptions = TranscribeOptions()


class AlignRequest(_Request, frozen=True, kw_only=True, tag="align"):
    """Find word times for the text of ``segments``."""

    language: str
    segments: tuple[Segment, ...]
    options: AlignOptions = AlignOptions()


class DiarizeRequest(_Request, frozen=True, kw_only=True, tag="diarize"):
    """Find who spoke when."""

    options: DiarizeOptions = DiarizeOptions()


class EmotionRequest(_Request, frozen=True, kw_only=True, tag="emotion"):
    """Label each segment with an emotion."""

    segments: tuple[Segment, ...]
    options: EmotionOptions = EmotionOptions()


class EventsRequest(_Request, frozen=True, kw_only=True, tag="events"):
    """Find audio events."""

    options: EventsOptions = EventsOptions()


class RefineRequest(_Request, frozen=True, kw_only=True, tag="refine"):
    """Clean up the text of ``segments``; needs no audio."""

    language: str | None
    segments: tuple[Segment, ...]
    options: RefineOptions = RefineOptions()


Request = (
    TranscribeRequest
    | AlignRequest
    | DiarizeRequest
    | EmotionRequest
    | EventsRequest
    | RefineRequest
)


class _Result(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="stage"):
    """What every result says.

    Attributes:
        effective: Every option's value that was in force, the engine's defaults included.
        compute_type: The number format in force, where there is a choice.
    """

    effective: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[Notice, ...] = ()
    compute_type: str | None = None


class TranscribeResult(_Result, frozen=True, kw_only=True, tag="transcribe"):
    """Segments in time order; words where the engine gives them."""

    language: str | None
    segments: tuple[Segment, ...]
    language_scores: dict[str, float] = field(default_factory=dict)
    speech_regions: tuple[SpeechRegion, ...] = ()


class AlignResult(_Result, frozen=True, kw_only=True, tag="align"):
    """The request's segments, every word with times."""

    segments: tuple[Segment, ...]


class DiarizeResult(_Result, frozen=True, kw_only=True, tag="diarize"):
    """Speaker turns in time order, and one embedding per speaker.

    Attributes:
        turns: Who spoke when; turns overlap where several speak at once.
        exclusive_turns: The same with only the speaker who is heard best at a time, for assigning
            words; empty where an engine does not tell.
    """

    turns: tuple[SpeakerTurn, ...]
    exclusive_turns: tuple[SpeakerTurn, ...] = ()
    embeddings: dict[str, tuple[float, ...]] = field(default_factory=dict)


class EmotionResult(_Result, frozen=True, kw_only=True, tag="emotion"):
    """An emotion per segment id; segments that are missing could not be judged."""

    emotions: dict[int, Emotion]


class EventsResult(_Result, frozen=True, kw_only=True, tag="events"):
    """Audio events in time order."""

    events: tuple[AudioEvent, ...]


class RefineResult(_Result, frozen=True, kw_only=True, tag="refine"):
    """The new text per segment id; segments that are missing stay as they were.

    Attributes:
        title, summary, chapters, action_items: As ``Transcript`` has them; what was not asked for,
            or could not be had, is missing.
        usage: What was sent and received, and its cost.
    """

    texts: dict[int, str]
    title: str | None = None
    summary: str | None = None
    chapters: tuple[Chapter, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    usage: TokenUsage | None = None


Result = (
    TranscribeResult | AlignResult | DiarizeResult | EmotionResult | EventsResult | RefineResult
)
