"""Requests and results of every stage that an engine can run.

An option that is None is unset: the engine's or the model's default applies, and the result's
``effective`` has the value that was used. An engine refuses a set option that it does not support.
"""

from enum import Enum
from typing import Any, Literal, get_args, get_type_hints

from msgspec import Struct, field

from dalston_sdk.wire.recording import Chapter
from dalston_sdk.wire.splitting import DecodePart, FindSpeech, FoundSection
from dalston_sdk.wire.transcript import (
    ActionItem,
    AudioEvent,
    Emotion,
    Notice,
    Segment,
    SpeakerTurn,
    SpeechRegion,
    TokenPrices,
    TokenUsage,
)


class Stage(str, Enum):
    """A stage that an engine runs; its value is its name on the wire and in catalogs."""

    TRANSCRIBE = "transcribe"
    ALIGN = "align"
    DIARIZE = "diarize"
    EMOTION = "emotion"
    EVENTS = "events"
    REFINE = "refine"
    TRANSLATE = "translate"


class ModelRef(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The model that a request needs.

    Attributes:
        runtime_id: The library's name of the model.
        path: Folder or file of the weights: absolute as the engine sees it, or relative to the
            engine's own folder of weights; None if the engine's own package contains them.
        compute_type: Number format such as ``int8`` or ``float16``; None for the engine's choice.
    """

    runtime_id: str
    path: str | None = None
    compute_type: str | None = None


class TranscribeOptions(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Options of transcription; names and meanings follow Whisper's where it has them.

    Attributes:
        language: BCP-47 lower case; None detects it.
        languages: Detection chooses among these.
        task: ``translate`` means into English.
        temperature: Temperatures to try one after the other until decoding succeeds.
        hotwords: Words and names to expect.
        hotword_weights: How much each of them counts, where 1 is usual; None for 1 each.
        vad: True to decode only regions with speech.
        multilingual: True to detect the language of every segment.
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
    hotword_weights: tuple[float, ...] | None = None
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
    """Options of forced alignment."""

    batch_size: int | None = None
    interpolate: Literal["nearest", "linear", "ignore"] | None = None


class DiarizeOptions(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Options of diarization; ``num_speakers`` excludes the other two numbers.

    Attributes:
        chunk_s: Length of the chunks of a long recording, to limit memory; speakers are matched
            between chunks.
    """

    num_speakers: int | None = None
    min_speakers: int | None = None
    max_speakers: int | None = None
    batch_size: int | None = None
    chunk_s: float | None = None


class EmotionOptions(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Options of emotion detection; below ``threshold`` (0 to 1) the label is ``unknown``."""

    threshold: float | None = None
    batch_size: int | None = None


class EventsOptions(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Options of event detection.

    Attributes:
        threshold: Score that an event has to reach; 0 to 1.
        off_threshold: Score below which an event ends; at most ``threshold``.
        min_duration_ms: Shorter events are dropped.
        max_gap_ms: Events of one label are joined if the gap between them is no longer.
        labels: AudioSet names of the events to report.
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
    """Options of clean-up by a language model, and of what it writes about the text.

    Attributes:
        level: How much may change; with ``none`` the text stays as it is.
        glossary: Words and names in their correct spelling.
        max_cost_usd: Limit for the whole request, which is refused if it could cost more.
        prices: Prices of the model's tokens.
        batch: Use the provider's batch interface: up to a day of waiting, at a lower price.
        title, summary, chapters, action_items: True to have these written, about the cleaned text.
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


class TranslateOptions(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Options of translation; ``glossary``, ``max_cost_usd`` and ``prices`` as of refinement.

    Attributes:
        languages: BCP-47 lower case, each one to translate into.
    """

    languages: tuple[str, ...] | None = None
    glossary: tuple[str, ...] | None = None
    max_cost_usd: float | None = None
    prices: TokenPrices | None = None


class _Request(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="stage"):
    """Fields of every request."""

    model: ModelRef


class TranscribeRequest(_Request, frozen=True, kw_only=True, tag="transcribe"):
    """Turn audio into segments with words.

    Attributes:
        part: What to do of it, for an engine whose health has ``splits``; None for all of it.
    """

    options: TranscribeOptions = TranscribeOptions()
    part: "FindSpeech | DecodePart | JoinParts | None" = None


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


class TranslateRequest(_Request, frozen=True, kw_only=True, tag="translate"):
    """Translate the text of ``segments`` into each language of the options; needs no audio."""

    language: str | None
    segments: tuple[Segment, ...]
    options: TranslateOptions = TranslateOptions()


Request = (
    TranscribeRequest
    | AlignRequest
    | DiarizeRequest
    | EmotionRequest
    | EventsRequest
    | RefineRequest
    | TranslateRequest
)


class _Result(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="stage"):
    """Fields of every result.

    Attributes:
        effective: The value of every option that was used, including the engine's defaults.
        compute_type: The number format used, if the engine has several.
    """

    effective: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[Notice, ...] = ()
    compute_type: str | None = None


class TranscribeResult(_Result, frozen=True, kw_only=True, tag="transcribe"):
    """Segments in time order, with words if the engine gives them.

    Attributes:
        sections: The answer to ``FindSpeech``; empty with a notice ``not_split`` where a recording
            is decoded in order, so that no part can begin before the one before it has ended.
    """

    language: str | None
    segments: tuple[Segment, ...]
    language_scores: dict[str, float] = field(default_factory=dict)
    speech_regions: tuple[SpeechRegion, ...] = ()
    sections: tuple[FoundSection, ...] = ()


class JoinParts(Struct, frozen=True, kw_only=True, tag_field="do", tag="join"):
    """Make one result of those of parts, for the whole recording that is sent.

    Attributes:
        sections: As they were found.
        results: Of the parts of each section, in order.
    """

    sections: tuple[FoundSection, ...]
    results: tuple[tuple[TranscribeResult, ...], ...]


class AlignResult(_Result, frozen=True, kw_only=True, tag="align"):
    """The request's segments, every word with times."""

    segments: tuple[Segment, ...]


class DiarizeResult(_Result, frozen=True, kw_only=True, tag="diarize"):
    """Speaker turns in time order, and one embedding per speaker.

    Attributes:
        turns: Turns that overlap where several people speak at once.
        exclusive_turns: Turns of only the most prominent speaker at each time, for assigning words;
            empty if the engine gives none.
    """

    turns: tuple[SpeakerTurn, ...]
    exclusive_turns: tuple[SpeakerTurn, ...] = ()
    embeddings: dict[str, tuple[float, ...]] = field(default_factory=dict)


class EmotionResult(_Result, frozen=True, kw_only=True, tag="emotion"):
    """An emotion per segment id; missing segments could not be classified."""

    emotions: dict[int, Emotion]


class EventsResult(_Result, frozen=True, kw_only=True, tag="events"):
    """Audio events in time order."""

    events: tuple[AudioEvent, ...]


class RefineResult(_Result, frozen=True, kw_only=True, tag="refine"):
    """The new text per segment id; missing segments stay as they were.

    Attributes:
        title, summary, chapters, action_items: As in ``Transcript``; missing if they were not asked
            for or could not be produced.
        usage: Tokens and their cost.
    """

    texts: dict[int, str]
    title: str | None = None
    summary: str | None = None
    chapters: tuple[Chapter, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    usage: TokenUsage | None = None


class TranslateResult(_Result, frozen=True, kw_only=True, tag="translate"):
    """For each language the text per segment id; ``warnings`` name every missing segment."""

    texts: dict[str, dict[int, str]]
    usage: TokenUsage | None = None


Result = (
    TranscribeResult
    | AlignResult
    | DiarizeResult
    | EmotionResult
    | EventsResult
    | RefineResult
    | TranslateResult
)

OPTIONS: dict[Stage, type[Struct]] = {
    Stage(str(request.__struct_config__.tag)): get_type_hints(request)["options"]
    for request in get_args(Request)
}
"""The type of each stage's options."""

RESULTS: dict[Stage, type[Struct]] = {
    Stage(str(result.__struct_config__.tag)): result for result in get_args(Result)
}
"""The type of each stage's result."""
