"""One segment's way: where it is looked for, how it is spelled, and what comes out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from hearing import LogProbs, Window, windows_of
from path_search import find_path
from spelling import ANYTHING, Alphabet, SpelledText, spell, split_words
from word_times import Frames, Interpolation, TimedWord, spread, time_words

from dalston_sdk.engine import SAMPLE_RATE
from dalston_sdk.timing import Span, in_order
from dalston_sdk.wire import Notice, Segment, Stage, Word

_MARGIN_S = 0.2
"""Recognisers cut closely; so much more is heard where no other segment is."""
_LEAST_S = 0.04
"""In less nothing can be said."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A segment to be aligned.

    Attributes:
        texts: Its words, each with the white space before it.
        within: Where they are looked for; seconds.
        windows: What the model has to hear for it.
        first_frame: The first of the frames they keep, counted from the start of the recording.
        why_not: Why it cannot be aligned; None where it can.
    """

    segment: Segment
    texts: tuple[str, ...]
    spelled: SpelledText
    within: Span
    windows: tuple[Window, ...] = ()
    first_frame: int = 0
    why_not: str | None = None


def plan_task(
    segments: Sequence[Segment],
    index: int,
    *,
    language: str,
    alphabet: Alphabet,
    num_samples: int,
    stride: int,
) -> Task:
    """What is to be done for one of the segments."""
    segment = segments[index]
    texts = [word.text for word in segment.words] or split_words(segment.text, language)
    spelled = spell(texts, alphabet)
    within = _room(segments, index, num_samples / SAMPLE_RATE)
    why_not = _why_not(segment, spelled, within, num_samples)
    windows: list[Window] = []
    if why_not is None and texts:
        windows = windows_of(*within, num_samples=num_samples, stride=stride)
        frames = sum(window.keep[1] - window.keep[0] for window in windows)
        if len(spelled.letters) > frames:
            why_not, windows = "it has more letters than fit into its time", []
    return Task(
        segment=segment,
        texts=tuple(texts),
        spelled=spelled,
        within=within,
        windows=tuple(windows),
        first_frame=windows[0].first // stride + windows[0].keep[0] if windows else 0,
        why_not=why_not if texts else None,
    )


def _room(segments: Sequence[Segment], index: int, duration_s: float) -> Span:
    """The segment and some more, but nothing of its neighbours."""
    segment = segments[index]
    low, high = segment.start - _MARGIN_S, segment.end + _MARGIN_S
    if index > 0:
        low = max(low, min(segments[index - 1].end, segment.start))
    if index + 1 < len(segments):
        high = min(high, max(segments[index + 1].start, segment.end))
    return max(0.0, low), min(duration_s, high)


def _why_not(segment: Segment, spelled: SpelledText, within: Span, num_samples: int) -> str | None:
    if segment.start * SAMPLE_RATE >= num_samples:
        return "its times are outside the audio"
    if within[1] - within[0] < _LEAST_S:
        return "it has no time"
    if spelled.is_foreign:
        return "its letters are not the model's"
    if not any(spelled.heard):
        return "it has no word that the model can spell"
    return None


class Letters:
    """The columns of a segment's own letters: the others are dropped, since they may be many."""

    def __init__(self, task: Task, alphabet: Alphabet) -> None:
        self._columns = sorted({alphabet.blank, *task.spelled.letters} - {ANYTHING})
        self._place = {column: index for index, column in enumerate(self._columns)}
        self._blank = alphabet.blank
        self._task = task
        self._parts: list[LogProbs] = []

    def add(self, heard: LogProbs) -> None:
        """What the model heard in the next window."""
        others = np.delete(heard, self._blank, axis=1).max(axis=1, keepdims=True)
        self._parts.append(np.concatenate([heard[:, self._columns], others], axis=1))

    def align(
        self, interpolation: Interpolation, frame_s: float, check: Callable[[], None]
    ) -> list[TimedWord] | None:
        """Times of the segment's words; None where the text does not fit into its time."""
        heard = np.concatenate(self._parts)
        star = len(self._columns)
        letters = [star if each == ANYTHING else self._place[each] for each in self._letters]
        blank = self._place[self._blank]
        said = find_path(heard, letters, blank=blank, open_ended={star}, check=check)
        if said is None:
            return None
        return time_words(
            self._task.texts,
            self._task.spelled,
            said,
            frames=Frames(first_s=self._task.first_frame * frame_s, step_s=frame_s),
            within=self._task.within,
            interpolation=interpolation,
        )

    @property
    def _letters(self) -> tuple[int, ...]:
        return self._task.spelled.letters


def aligned(task: Task, words: Sequence[TimedWord], *, not_before: float) -> Segment:
    """The segment with its words' times, its own from the first to the last of them.

    Args:
        task: What was to be aligned.
        words: Its words.
        not_before: Where the segment before it begins; seconds. Of two that overlap the later one
            begins no sooner.
    """
    spans = [(word.start, word.end) for word in words]
    if spans[0][0] < not_before < task.within[1] - _LEAST_S:
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
    """The recogniser's own, where it gave one: it judges the text, the aligner only its place."""
    if known is not None and known.confidence is not None:
        return known.confidence
    return None if word.confidence is None else round(word.confidence, 4)


def unaligned(task: Task) -> Segment:
    """The segment at its old times; words that it had none of are spread over it."""
    segment = task.segment
    if segment.words or not task.texts:
        return segment
    end = max(segment.end, segment.start + _LEAST_S)
    spans = spread(task.texts, (segment.start, end))
    words = tuple(
        Word(text=text, start=start, end=end, interpolated=True)
        for text, (start, end) in zip(task.texts, spans, strict=True)
    )
    return msgspec.structs.replace(segment, words=words)


def not_aligned(task: Task, reason: str) -> Notice:
    """The warning about a segment that keeps its times."""
    segment = task.segment
    return Notice(
        code="not_aligned",
        message=f"segment {segment.id} keeps the times it had: {reason}",
        stage=Stage.ALIGN.value,
        start=segment.start,
        end=segment.end,
    )
