"""The alignment of one segment: its chunks of audio, its tokens, and its new times."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from emissions import Chunk, Emissions, split_span
from forced_alignment import align_tokens
from tokenization import WILDCARD, TokenizedText, Vocabulary, split_words, tokenize
from word_times import Frames, Interpolation, TimedWord, spread, time_words

from dalston_sdk.engine import SAMPLE_RATE
from dalston_sdk.timing import Span, in_order
from dalston_sdk.wire import Notice, Segment, Stage, Word

_MARGIN_S = 0.2
"""Audio before and after a segment that is searched, too, except in a neighbouring segment."""
_MIN_S = 0.04
"""Shortest time in which words can be."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A segment to align.

    Attributes:
        segment: The segment.
        texts: Its words, each with the white space before it.
        tokenized: Their tokens.
        within: Start and end of the audio that is searched; seconds.
        chunks: The chunks of that audio; none where the segment cannot be aligned.
        first_frame: The first kept frame, counted from the start of the recording.
        problem: Why it cannot be aligned; None where it can, or has no words.
    """

    segment: Segment
    texts: tuple[str, ...]
    tokenized: TokenizedText
    within: Span
    chunks: tuple[Chunk, ...] = ()
    first_frame: int = 0
    problem: str | None = None


def plan_task(
    segments: Sequence[Segment],
    index: int,
    *,
    language: str,
    vocabulary: Vocabulary,
    num_samples: int,
    stride: int,
) -> Task:
    """Plan the alignment of one of the segments."""
    segment = segments[index]
    texts = [word.text for word in segment.words] or split_words(segment.text, language)
    tokenized = tokenize(texts, vocabulary)
    within = _search_span(segments, index, num_samples / SAMPLE_RATE)
    problem = _problem(segment, tokenized, within, num_samples)
    chunks: list[Chunk] = []
    if problem is None and texts:
        chunks = split_span(*within, num_samples=num_samples, stride=stride)
        frames = sum(chunk.keep[1] - chunk.keep[0] for chunk in chunks)
        if len(tokenized.tokens) > frames:
            problem, chunks = "it has more letters than fit into its time", []
    return Task(
        segment=segment,
        texts=tuple(texts),
        tokenized=tokenized,
        within=within,
        chunks=tuple(chunks),
        first_frame=chunks[0].first // stride + chunks[0].keep[0] if chunks else 0,
        problem=problem if texts else None,
    )


def _search_span(segments: Sequence[Segment], index: int, duration_s: float) -> Span:
    """Return the segment's time and a margin, without the time of its neighbours."""
    segment = segments[index]
    low, high = segment.start - _MARGIN_S, segment.end + _MARGIN_S
    if index > 0:
        low = max(low, min(segments[index - 1].end, segment.start))
    if index + 1 < len(segments):
        high = min(high, max(segments[index + 1].start, segment.end))
    return max(0.0, low), min(duration_s, high)


def _problem(
    segment: Segment, tokenized: TokenizedText, within: Span, num_samples: int
) -> str | None:
    if segment.start * SAMPLE_RATE >= num_samples:
        return "its times are outside the audio"
    if within[1] - within[0] < _MIN_S:
        return "it has no time"
    if tokenized.is_foreign:
        return "its letters are not the model's"
    if not any(tokenized.alignable):
        return "it has no word that the model can tokenise"
    return None


class SegmentEmissions:
    """The emissions of a segment, reduced to its own tokens, since the vocabulary may be large."""

    def __init__(self, task: Task, vocabulary: Vocabulary) -> None:
        self._tokens = sorted({vocabulary.blank, *task.tokenized.tokens} - {WILDCARD})
        self._columns = {token: column for column, token in enumerate(self._tokens)}
        self._blank = vocabulary.blank
        self._task = task
        self._parts: list[Emissions] = []

    def add(self, emissions: Emissions) -> None:
        """Take the emissions of the next chunk."""
        wildcard = np.delete(emissions, self._blank, axis=1).max(axis=1, keepdims=True)
        self._parts.append(np.concatenate([emissions[:, self._tokens], wildcard], axis=1))

    def align(
        self, interpolation: Interpolation, frame_s: float, check: Callable[[], None]
    ) -> list[TimedWord] | None:
        """Return the times of the words; None where the text does not fit into its time."""
        emissions = np.concatenate(self._parts)
        tokenized, wildcard = self._task.tokenized, len(self._tokens)
        columns = [
            wildcard if token == WILDCARD else self._columns[token] for token in tokenized.tokens
        ]
        blank = self._columns[self._blank]
        aligned = align_tokens(emissions, columns, blank=blank, sustained={wildcard}, check=check)
        if aligned is None:
            return None
        return time_words(
            self._task.texts,
            tokenized,
            aligned,
            frames=Frames(first_s=self._task.first_frame * frame_s, step_s=frame_s),
            within=self._task.within,
            interpolation=interpolation,
        )


def aligned_segment(task: Task, words: Sequence[TimedWord], *, not_before: float) -> Segment:
    """Return the segment with the times of its words; it lasts from the first to the last.

    Args:
        task: The segment.
        words: The times of its words.
        not_before: Start of the segment before it; seconds. Of two that overlap the later one
            begins no sooner.
    """
    spans = [(word.start, word.end) for word in words]
    if spans[0][0] < not_before < task.within[1] - _MIN_S:
        spans = in_order(spans, low=not_before, high=task.within[1])
    known = task.segment.words
    timed = tuple(
        Word(
            text=task.texts[number],
            start=start,
            end=end,
            confidence=_confidence(known[number] if known else None, word),
            speaker=known[number].speaker if known else None,
            interpolated=word.confidence is None,
        )
        for number, (word, (start, end)) in enumerate(zip(words, spans, strict=True))
    )
    return msgspec.structs.replace(
        task.segment, start=timed[0].start, end=timed[-1].end, words=timed
    )


def _confidence(known: Word | None, word: TimedWord) -> float | None:
    """Return the transcriber's confidence in the text, or else the aligner's in its place."""
    if known is not None and known.confidence is not None:
        return known.confidence
    return None if word.confidence is None else round(word.confidence, 4)


def unaligned_segment(task: Task) -> Segment:
    """Return the segment with its old times; its text is spread over it if it has no words."""
    segment = task.segment
    if segment.words or not task.texts:
        return segment
    end = max(segment.end, segment.start + _MIN_S)
    spans = spread(task.texts, (segment.start, end))
    words = tuple(
        Word(text=text, start=start, end=end, interpolated=True)
        for text, (start, end) in zip(task.texts, spans, strict=True)
    )
    return msgspec.structs.replace(segment, words=words)


def not_aligned(task: Task, reason: str) -> Notice:
    """Build the warning about a segment that keeps its times."""
    segment = task.segment
    return Notice(
        code="not_aligned",
        message=f"segment {segment.id} keeps the times it had: {reason}",
        stage=Stage.ALIGN.value,
        start=segment.start,
        end=segment.end,
    )
