"""Word times from token frames; words that could not be aligned are interpolated."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

from forced_alignment import AlignedToken
from tokenization import TokenizedText

from dalston_sdk.timing import Span, in_order

Interpolation = Literal["nearest", "linear", "ignore"]

_MIN_WORD_S = 0.02
"""Shortest word: one frame."""
_LETTER_S = 0.07
"""Length of a letter where the segment gives none."""
_MAX_LETTER_S = 0.12
_MAX_LAST_LETTER = 2.0
"""Longest last letter of a word, in usual letters: a pause after it is not part of the word."""


@dataclass(frozen=True, kw_only=True)
class Frames:
    """Times of frames: the start of the first, and the step to the next; seconds."""

    first_s: float
    step_s: float


@dataclass(frozen=True, kw_only=True)
class TimedWord:
    """The times of a word.

    Attributes:
        start, end: Seconds.
        confidence: Mean probability of its tokens, 0 to 1; None for an interpolated word.
    """

    start: float
    end: float
    confidence: float | None


def time_words(
    words: Sequence[str],
    tokenized: TokenizedText,
    aligned: Sequence[AlignedToken],
    *,
    frames: Frames,
    within: Span,
    interpolation: Interpolation,
) -> list[TimedWord]:
    """Return the times of every word of a segment.

    Args:
        words: The words.
        tokenized: Their tokens.
        aligned: The frames of the tokens.
        frames: Times of the frames.
        within: Start and end of the time that the words may take; seconds.
        interpolation: How words that could not be aligned get their times.
    """
    starts = [frames.first_s + token.frame * frames.step_s for token in aligned]
    letter_s = _letter_s(tokenized, starts)
    spans: list[Span | None] = []
    scores: list[float | None] = []
    for number, is_alignable in enumerate(tokenized.alignable):
        own = [index for index, word in enumerate(tokenized.words) if word == number]
        if not is_alignable:
            spans.append(None)
            scores.append(None)
            continue
        latest = starts[own[-1]] + _MAX_LAST_LETTER * letter_s + frames.step_s
        following = starts[own[-1] + 1] if own[-1] + 1 < len(starts) else within[1]
        spans.append((starts[own[0]], min(latest, following)))
        scores.append(math.exp(sum(aligned[index].log_prob for index in own) / len(own)))
    filled = _fill(spans, words, within, letter_s, interpolation)
    times = in_order(filled, low=within[0], high=within[1], least=_MIN_WORD_S)
    return [
        TimedWord(start=start, end=end, confidence=score)
        for (start, end), score in zip(times, scores, strict=True)
    ]


def spread(words: Sequence[str], within: Span) -> list[Span]:
    """Spread words over a time by their lengths."""
    spans = _divide(words, *within)
    return in_order(spans, low=within[0], high=within[1], least=_MIN_WORD_S)


def _letter_s(tokenized: TokenizedText, starts: Sequence[float]) -> float:
    """Return the usual length of a letter in this segment."""
    steps = [
        later - earlier
        for (earlier, word), (later, next_word) in pairwise(
            zip(starts, tokenized.words, strict=True)
        )
        if word is not None and word == next_word
    ]
    return min(_MAX_LETTER_S, median(steps)) if steps else _LETTER_S


def _fill(
    spans: Sequence[Span | None],
    words: Sequence[str],
    within: Span,
    letter_s: float,
    interpolation: Interpolation,
) -> list[Span]:
    """Fill in missing spans from the time between the neighbours."""
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
    words: Sequence[str], between: Span, letter_s: float, interpolation: Interpolation
) -> list[Span]:
    """Place a run of words without times in the time between two words that have them."""
    low, high = between
    if interpolation == "linear":
        return _divide(words, low, high)
    if interpolation == "ignore":
        return [(low + n * _MIN_WORD_S, low + (n + 1) * _MIN_WORD_S) for n in range(len(words))]
    half = (len(words) + 1) // 2
    lengths = [letter_s * _length(word) for word in words]
    shrunk = min(1.0, (high - low) / sum(lengths))
    before, after = shrunk * sum(lengths[:half]), shrunk * sum(lengths[half:])
    return [
        *_divide(words[:half], low, low + before),
        *_divide(words[half:], high - after, high),
    ]


def _divide(words: Sequence[str], low: float, high: float) -> list[Span]:
    """Divide a time among words by their lengths."""
    total = sum(map(_length, words))
    edges = [low]
    for word in words:
        edges.append(edges[-1] + (high - low) * _length(word) / total)
    return list(pairwise(edges))


def _length(word: str) -> int:
    return max(1, len(word.strip()))
