"""From letters in frames to words in seconds; words that were not heard get times by rule."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

from path_search import Said
from spelling import SpelledText

from dalston_sdk.timing import Span, in_order

Interpolation = Literal["nearest", "linear", "ignore"]

_LEAST_S = 0.02
"""What a word takes at least: one frame."""
_LETTER_S = 0.07
"""What a letter takes where the segment does not tell."""
_LONGEST_LETTER_S = 0.12
_LETTERS_AFTER_LAST = 2.0
"""A last letter goes on for at most so many usual ones: pauses belong to no word."""


@dataclass(frozen=True, kw_only=True)
class Frames:
    """When frames are: where the first begins, and how far it is to the next; seconds."""

    first_s: float
    step_s: float


@dataclass(frozen=True, kw_only=True)
class TimedWord:
    """Where a word is.

    Attributes:
        confidence: How well its letters fit what is heard there, from 0 to 1; None where the word
            was not heard.
    """

    start: float
    end: float
    confidence: float | None


def time_words(
    words: Sequence[str],
    spelled: SpelledText,
    said: Sequence[Said],
    *,
    frames: Frames,
    within: Span,
    interpolation: Interpolation,
) -> list[TimedWord]:
    """Times for every word of a segment.

    Args:
        words: Their texts.
        spelled: The same, spelled.
        said: When each of their letters is said.
        frames: When the frames are.
        within: Where all of the words are; seconds.
        interpolation: How words that were not heard get their times.
    """
    starts = [frames.first_s + letter.frame * frames.step_s for letter in said]
    letter_s = _letter_s(spelled, starts)
    spans: list[Span | None] = []
    scores: list[float | None] = []
    for number, is_heard in enumerate(spelled.heard):
        mine = [index for index, owner in enumerate(spelled.owners) if owner == number]
        if not is_heard:
            spans.append(None)
            scores.append(None)
            continue
        longest = starts[mine[-1]] + _LETTERS_AFTER_LAST * letter_s + frames.step_s
        following = starts[mine[-1] + 1] if mine[-1] + 1 < len(starts) else within[1]
        spans.append((starts[mine[0]], min(longest, following)))
        scores.append(math.exp(sum(said[index].log_prob for index in mine) / len(mine)))
    filled = _fill(spans, words, within, letter_s, interpolation)
    times = in_order(filled, low=within[0], high=within[1], least=_LEAST_S)
    return [
        TimedWord(start=start, end=end, confidence=score)
        for (start, end), score in zip(times, scores, strict=True)
    ]


def spread(words: Sequence[str], within: Span) -> list[Span]:
    """Words of which nothing is known, by their lengths."""
    spans = _share(words, *within)
    return in_order(spans, low=within[0], high=within[1], least=_LEAST_S)


def _letter_s(spelled: SpelledText, starts: Sequence[float]) -> float:
    """How long a letter of this speaker usually takes."""
    steps = [
        later - earlier
        for (earlier, owner), (later, next_owner) in pairwise(
            zip(starts, spelled.owners, strict=True)
        )
        if owner is not None and owner == next_owner
    ]
    return min(_LONGEST_LETTER_S, median(steps)) if steps else _LETTER_S


def _fill(
    spans: Sequence[Span | None],
    words: Sequence[str],
    within: Span,
    letter_s: float,
    interpolation: Interpolation,
) -> list[Span]:
    """Spans for all words: those without get their part of the room between their neighbours."""
    filled: list[Span] = []
    for index, span in enumerate(spans):
        if span is not None:
            filled.append(span)
        elif len(filled) == index:
            run = next(
                (n for n, s in enumerate(spans[index:]) if s is not None), len(spans) - index
            )
            following = spans[index + run] if index + run < len(spans) else None
            low = filled[-1][1] if filled else within[0]
            high = following[0] if following else within[1]
            texts = words[index : index + run]
            filled += _place(texts, (low, max(low, high)), letter_s, interpolation)
    return filled


def _place(
    words: Sequence[str], room: Span, letter_s: float, interpolation: Interpolation
) -> list[Span]:
    """A run of words that were not heard, in the room between two that were."""
    low, high = room
    if interpolation == "linear":
        return _share(words, low, high)
    if interpolation == "ignore":
        return [(low + n * _LEAST_S, low + (n + 1) * _LEAST_S) for n in range(len(words))]
    half = (len(words) + 1) // 2
    lengths = [letter_s * _length(word) for word in words]
    shrunk = min(1.0, (high - low) / sum(lengths))
    before, after = shrunk * sum(lengths[:half]), shrunk * sum(lengths[half:])
    return [
        *_share(words[:half], low, low + before),
        *_share(words[half:], high - after, high),
    ]


def _share(words: Sequence[str], low: float, high: float) -> list[Span]:
    """Each word its part of the time, by its length."""
    total = sum(map(_length, words))
    edges = [low]
    for word in words:
        edges.append(edges[-1] + (high - low) * _length(word) / total)
    return list(pairwise(edges))


def _length(word: str) -> int:
    return max(1, len(word.strip()))
