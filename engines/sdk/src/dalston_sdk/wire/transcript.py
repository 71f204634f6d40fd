"""Types of a transcript: words, segments, turns, events, and where each came from.

Times (``start``, ``end``) are float seconds from the start of the recording, ``start < end``.
JSON names follow Whisper's where it has them
(``words[].word``, ``words[].probability``); fields with their default value are omitted.
"""

from typing import Any, Literal

from msgspec import Struct, field

from dalston_sdk.wire.recording import Chapter, RecordingInfo

TRANSCRIPT_VERSION = 1


Timing = Literal["aligned", "recognised", "interpolated"]
"""Origin of a word's times, for a text that was known: forced alignment, recognition, or the times
of the words around it."""


class Word(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One word.

    Attributes:
        text: The word with the white space that precedes it, so that joining a segment's words
            without a separator gives its text in every language.
        confidence: From 0 to 1; None if the engine gives none.
        interpolated: True if the times were computed from the neighbours' times.
        human: True if a person wrote it, who corrected the text.
        timing: Origin of the times of a known text's word; None for a word that was transcribed.
    """

    text: str = field(name="word")
    start: float
    end: float
    confidence: float | None = field(default=None, name="probability")
    speaker: str | None = None
    interpolated: bool = False
    human: bool = False
    timing: Timing | None = None


class Emotion(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The emotion of a segment: an English label, and each label's score from 0 to 1."""

    label: str
    score: float
    scores: dict[str, float] = field(default_factory=dict)


class Segment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A piece of speech with text.

    Attributes:
        id: Position in the transcript, from 0.
        text: Without white space at either end; ``"".join(words).strip()`` where there are words.
        confidence: From 0 to 1; None if the engine gives none.
        raw_text: The text before refinement, if refinement changed it.
        doubtful: Reason why the text cannot have been said; None if there is none.
        avg_logprob, no_speech_prob, compression_ratio, temperature: Whisper's own figures.
        human: True if a person corrected its words, its bounds or its speaker.
        checked: True if a person has marked it as right.
        paragraph: From 0, of a known text that has paragraphs; None for any other.
        translations: The text in other languages, by BCP-47 lower case.
    """

    id: int
    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    speaker: str | None = None
    channel: int | None = None
    language: str | None = None
    confidence: float | None = None
    emotion: Emotion | None = None
    raw_text: str | None = None
    doubtful: str | None = None
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    compression_ratio: float | None = None
    temperature: float | None = None
    human: bool = False
    checked: bool = False
    paragraph: int | None = None
    translations: dict[str, str] = field(default_factory=dict)


class SpeechRegion(Struct, frozen=True, kw_only=True):
    """A region with speech, found by voice activity detection; has no text."""

    start: float
    end: float


class SpeakerTurn(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Time during which one speaker speaks; has no text. Turns of several speakers may overlap."""

    start: float
    end: float
    speaker: str
    confidence: float | None = None


class AudioEvent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sound other than speech: an AudioSet label and its score from 0 to 1."""

    start: float
    end: float
    label: str
    score: float


class ActionItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A task that is mentioned in a recording, written by a language model.

    Attributes:
        start, end: The segment in which it is said.
        owner: A spoken name or a speaker's label; None if no owner is named.
    """

    start: float
    end: float
    text: str
    owner: str | None = None


class Notice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A warning that belongs to a transcript.

    Attributes:
        code: Stable text such as ``low_coverage`` for programs.
        message: One sentence for people.
        stage: The stage that raised it.
        start, end: The part of the recording that it concerns, if only a part.
    """

    code: str
    message: str
    stage: str | None = None
    start: float | None = None
    end: float | None = None


class SuppressedText(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Words of a track that were left out, because they are another speaker's.

    Attributes:
        channel: The track in which they were recognized.
        spoken_in: The much louder track of the speaker.
        reason: ``copy`` where it holds the same sound, ``same_words`` where it has the same words.
    """

    start: float
    end: float
    text: str
    channel: int
    spoken_in: int
    reason: Literal["copy", "same_words"]


class TokenPrices(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Prices of a language model's tokens, in US dollars per million.

    Attributes:
        input_usd, output_usd: Input tokens, and output tokens including reasoning.
        cache_read_usd, cache_write_usd: Input tokens read from the provider's cache or written to
            it; None if they cost as much as others.
        as_of: Date of these prices, as YYYY-MM-DD.
    """

    input_usd: float
    output_usd: float
    cache_read_usd: float | None = None
    cache_write_usd: float | None = None
    as_of: str | None = None


class TokenUsage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tokens that a stage used, and their cost.

    Attributes:
        requests: Number of answers that were paid for.
        input_tokens: Input tokens without those of the next two.
        cache_read_tokens, cache_write_tokens: Input tokens read from the provider's cache, or
            written to it.
        output_tokens: Output tokens including reasoning.
        cost_usd: None if the prices are not known, or if an answer did not report its tokens.
    """

    requests: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float | None = None


StageStatus = Literal["done", "skipped", "failed"]


class StageRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Record of one stage of a transcript.

    Attributes:
        status: ``skipped`` and ``failed`` come with a reason.
        reason: The reason for this engine and model, or for the status.
        options: The effective options, including the engine's defaults.
        elapsed_s: Wall seconds of the stage when it was run.
        usage: Tokens of a language model when it was run.
    """

    stage: str
    status: StageStatus
    reason: str | None = None
    engine: str | None = None
    engine_version: str | None = None
    engine_fingerprint: str | None = None
    launcher: str | None = None
    device: str | None = None
    model: str | None = None
    model_digest: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    elapsed_s: float | None = None
    usage: TokenUsage | None = None


class Origin(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The origin of a part of a transcript.

    Attributes:
        stage: A stage that has a record; ``prepare`` for channels and for what the file has,
            ``user`` for names and a known text, ``roster`` for names of known voices, and
            ``human`` for corrections.
        engine, model: As in the stage's record.
    """

    stage: str
    engine: str | None = None
    model: str | None = None


UnknownReason = Literal[
    "no_embedding",
    "nobody_to_compare",
    "little_speech",
    "below_threshold",
    "within_margin",
    "named_already",
]
"""Reasons for which a voice has no name: the engine gave no embedding; the roster has none of the
same weights; too little speech; not near enough to a person; another person nearly as near; nearest
is a person who is another speaker of the recording."""


class SpeakerMatch(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The comparison of one speaker's voice with the people on a roster.

    Attributes:
        speaker: The label that diarization gave.
        name: The person; None where ``unknown`` says why not.
        seconds: Speech of this speaker alone.
        nearest, score: The most similar person, and the cosine; None where nothing was compared.
        second, second_score: The next one; None where there is none.
        threshold, margin: The least score, and the least difference between the two scores.
        model, model_digest: The model whose embeddings were compared, and its weights.
    """

    speaker: str
    name: str | None = None
    unknown: UnknownReason | None = None
    seconds: float
    nearest: str | None = None
    score: float | None = None
    second: str | None = None
    second_score: float | None = None
    threshold: float
    margin: float
    model: str | None = None
    model_digest: str | None = None


class Passage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Words of a known text that the recording lacks, or the other way round.

    Attributes:
        start, end: In the recording; equal for words that it lacks.
        text: Its beginning, if it is long.
        num_words: All of its words.
    """

    start: float
    end: float
    text: str
    num_words: int


class KnownText(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The text that a transcript has instead of what was recognised, and how much of it was found.

    Attributes:
        name: Path as the user gave it.
        digest: ``sha256:<hex>`` of its sentences or lines.
        num_words: All of its words.
        num_aligned, num_recognised, num_interpolated: Words of the transcript, by ``Timing``.
        left_out: Passages that the recording lacks.
        added: Passages of the recording that it lacks, as they were recognised.
    """

    name: str
    digest: str
    num_words: int
    num_aligned: int = 0
    num_recognised: int = 0
    num_interpolated: int = 0
    left_out: tuple[Passage, ...] = ()
    added: tuple[Passage, ...] = ()


class Transcript(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything known about one recording; the JSON output is exactly this.

    Attributes:
        version: Version of this format; readers refuse a higher one.
        text: All segments' texts, joined.
        language: BCP-47 lower case, ``None`` if unknown.
        language_scores: Scores per language, if the language was detected.
        turns: Speaker turns from diarization or from channels.
        title, summary, chapters, action_items: Written by a language model, if asked for. Without
            chapters of a language model, those of the recording's file; in time order.
        speaker_names: The label of each named speaker, and the name that replaces it everywhere
            else in the transcript.
        speaker_matches: How each speaker's voice compares with a roster, where one was asked for.
        known_text: The text that was known, if one was: all of ``text`` is of it.
        suppressed: What was left out of tracks because it is another track's, in time order.
        status: ``partial`` if a requested stage failed; ``stages`` has the reason.
        provenance: Where the transcript's ``text``, ``word_times``, ``language``, ``speaker`` (and
            turns), ``emotion``, ``events`` and ``speech_regions`` come from, and ``chapters`` that
            the file has, for those there are.
            Of several origins the last takes precedence for the parts that it covers: segments
            that were refined have a ``raw_text``, named speakers a label in ``speaker_names``.
        key: Of all that a run made it from: audio, engines, models and options. None where it was
            not made by a run, or was changed since.
        digest: ``sha256:<hex>`` of the rest, in a file with a ``key``: an edited file has another.
    """

    version: int = field(name="dalston_transcript_version")
    recording: RecordingInfo
    status: Literal["complete", "partial"]
    text: str
    language: str | None
    segments: tuple[Segment, ...]
    language_scores: dict[str, float] = field(default_factory=dict)
    speech_regions: tuple[SpeechRegion, ...] = ()
    turns: tuple[SpeakerTurn, ...] = ()
    speaker_names: dict[str, str] = field(default_factory=dict)
    speaker_matches: tuple[SpeakerMatch, ...] = ()
    events: tuple[AudioEvent, ...] = ()
    title: str | None = None
    summary: str | None = None
    chapters: tuple[Chapter, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    known_text: KnownText | None = None
    suppressed: tuple[SuppressedText, ...] = ()
    warnings: tuple[Notice, ...] = ()
    stages: tuple[StageRecord, ...] = ()
    provenance: dict[str, tuple[Origin, ...]] = field(default_factory=dict)
    generator: str | None = None
    key: str | None = None
    digest: str | None = None
