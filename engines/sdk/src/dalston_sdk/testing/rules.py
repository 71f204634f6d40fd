"""The rules that every engine's results obey; each raises AssertionError with its reason.

Times may exceed the audio by ``SLACK_S``, because models work in frames of that order.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from dalston_sdk.wire import (
    ActionItem,
    AlignResult,
    AudioEvent,
    Chapter,
    DiarizeResult,
    EmotionRequest,
    EmotionResult,
    EventsResult,
    RefineRequest,
    RefineResult,
    Request,
    Result,
    Segment,
    SpeakerTurn,
    SpeechRegion,
    TranscribeResult,
    TranslateRequest,
    TranslateResult,
    Word,
)

SLACK_S = 0.1

ROUNDING_S = 1e-6
"""Times that differ by less are equal."""


def require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as an assert
    """Raise AssertionError with the reason, also where Python leaves ``assert`` out."""
    if not holds:
        raise AssertionError(otherwise)


def check_result(request: Request, result: Result, duration_s: float) -> None:
    """Apply every rule for this kind of result.

    Args:
        request: The request.
        result: Its result.
        duration_s: Length of the audio.
    """
    match result:
        case TranscribeResult():
            check_segments(result.segments, duration_s)
            check_scores("language score", tuple(result.language_scores.values()))
            check_spans("speech region", _spans(result.speech_regions), duration_s)
        case AlignResult():
            check_segments(result.segments, duration_s)
            check_all_words_timed(result.segments)
        case DiarizeResult():
            check_spans("speaker turn", _spans(result.turns), duration_s)
            check_spans("exclusive turn", _spans(result.exclusive_turns), duration_s)
            check_speakers(result)
        case EventsResult():
            check_spans("audio event", _spans(result.events), duration_s)
            check_scores("event score", [event.score for event in result.events])
        case EmotionResult():
            check_ids(request, result.emotions)
            check_scores("emotion score", [each.score for each in result.emotions.values()])
        case RefineResult():
            check_ids(request, result.texts)
            check_places(request, result)
        case TranslateResult():
            check_languages(request, result)
            for texts in result.texts.values():
                check_ids(request, texts)


def check_segments(segments: Sequence[Segment], duration_s: float) -> None:
    """Check that segments are numbered from 0, in time order, and made up of their words."""
    ids = [segment.id for segment in segments]
    require(ids == list(range(len(segments))), f"segment ids are {ids}, not 0, 1, 2 …")
    check_spans("segment", _spans(segments), duration_s)
    for segment in segments:
        check_words(segment, duration_s)


def check_words(segment: Segment, duration_s: float) -> None:
    """Check that words are in time order and, joined without a separator, give the text."""
    where = f"segment {segment.id}"
    text = segment.text
    require(text == text.strip(), f"{where}: the text {text!r} has white space at an end")
    if not segment.words:
        return
    joined = "".join(word.text for word in segment.words).strip()
    require(joined == text, f"{where}: the words give {joined!r}, the text is {text!r}")
    check_spans(f"{where}: word", _spans(segment.words), duration_s)
    check_scores(f"{where}: confidence", _confidences(segment.words))


def check_all_words_timed(segments: Sequence[Segment]) -> None:
    """Check that every segment with text has words, as after alignment."""
    for segment in segments:
        require(bool(segment.words) or not segment.text, f"segment {segment.id} has no words")


def check_spans(what: str, spans: Sequence[tuple[float, float]], duration_s: float) -> None:
    """Check that each start is before its end, that all are in the audio and in time order."""
    previous = 0.0
    for index, (start, end) in enumerate(spans):
        where = f"{what} {index}"
        require(start < end, f"{where} starts at {start} and ends at {end}")
        require(start >= previous - ROUNDING_S, f"{where} starts at {start}, before {previous}")
        limit = duration_s + SLACK_S
        require(end <= limit, f"{where} ends at {end}, the audio at {duration_s}")
        previous = start


def check_scores(what: str, scores: Sequence[float]) -> None:
    """Check that every score is from 0 to 1."""
    for score in scores:
        require(0 <= score <= 1, f"{what} is {score}, not from 0 to 1")


def check_speakers(result: DiarizeResult) -> None:
    """Check that embeddings belong to speakers with turns, and exclusive turns do not overlap."""
    speakers = {turn.speaker for turn in result.turns}
    silent = set(result.embeddings) - speakers
    require(not silent, f"there are embeddings of {silent}, who have no turn")
    unknown = {turn.speaker for turn in result.exclusive_turns} - speakers
    require(not unknown, f"{unknown} have exclusive turns only")
    for before, after in pairwise(result.exclusive_turns):
        overlap = before.end - after.start
        require(overlap <= ROUNDING_S, f"the exclusive turns at {after.start} overlap")


def check_ids(request: Request, answers: Mapping[int, object]) -> None:
    """Check that every answer is about a segment of the request."""
    if not isinstance(request, EmotionRequest | RefineRequest | TranslateRequest):
        raise AssertionError(f"{type(request).__name__} has no segments")  # noqa: TRY004 - a rule
    unknown = set(answers) - {segment.id for segment in request.segments}
    require(not unknown, f"there are answers for unknown segments {unknown}")


def check_languages(request: Request, result: TranslateResult) -> None:
    """Check that there are no languages but those that were asked for."""
    if not isinstance(request, TranslateRequest):
        raise AssertionError(f"{type(request).__name__} names no languages")  # noqa: TRY004 - a rule
    unknown = set(result.texts) - set(request.options.languages or ())
    require(not unknown, f"there are translations into {unknown}, which were not asked for")


def check_places(request: Request, result: RefineResult) -> None:
    """Check that chapters and action items begin and end with segments, chapters in order."""
    if not isinstance(request, RefineRequest):
        raise AssertionError(f"{type(request).__name__} has no text")  # noqa: TRY004 - a rule
    starts = {segment.start for segment in request.segments}
    ends = {segment.end for segment in request.segments} | starts
    for what, items in (("chapter", result.chapters), ("action item", result.action_items)):
        for start, end in _spans(items):
            known = start in starts and end in ends
            require(known, f"no {what} can be from {start} to {end}: no segments are")
    last = max(ends, default=0.0)
    check_spans("chapter", _spans(result.chapters), last)


def _spans(
    items: Sequence[
        Segment | Word | SpeechRegion | SpeakerTurn | AudioEvent | Chapter | ActionItem
    ],
) -> list[tuple[float, float]]:
    return [(item.start, item.end) for item in items]


def _confidences(words: Sequence[Word]) -> list[float]:
    return [word.confidence for word in words if word.confidence is not None]


def check_memory_settles(sizes_mb: Sequence[float], growth: float = 1.1) -> None:
    """Check that repeated work takes no more and more memory.

    The first third of the rounds may fill what libraries keep. An allocator keeps some megabytes
    now and then and gives them back; a leak raises the minimum.

    Args:
        sizes_mb: Resident memory after each round, six at least.
        growth: What the minimum of the last rounds may be, relative to that of the rounds before.
    """
    settled = sizes_mb[len(sizes_mb) // 3 :]
    half = len(settled) // 2
    before_mb, after_mb = min(settled[:half]), min(settled[half:])
    require(after_mb < growth * before_mb, f"memory goes on growing: {list(sizes_mb)} MB")
