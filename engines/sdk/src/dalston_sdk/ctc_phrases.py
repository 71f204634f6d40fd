"""Finds words and names to expect in the posteriors of a CTC model.

The text of the best path stays as it is, to the letter, but for words in whose place a phrase is
nearly as likely: the phrase is aligned with the frames of one or more whole words, and takes their
place if it is less likely than they are by no more than its bonus. So it is never written where the
model wrote nothing, nor as a part of a word.

Reference: Andrusenko et al., "Fast Context-Biasing for CTC and Transducer ASR models with CTC-based
Word Spotter" (2024), which compares in the same way. Here frames outside of the phrase count, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dalston_sdk.phrases import Phrase, Vocabulary, is_punctuation, num_changes

Floats = NDArray[np.float32]
Path = NDArray[np.int64]

_PER_CHANGE = 2.5
"""Natural logarithm by which a phrase of weight 1 may be less likely than the words that it takes
the place of, for each letter in which it differs from them."""
_MORE_WORDS = 2
"""How many words more than it has itself a phrase may replace: names are heard in pieces."""


@dataclass(frozen=True)
class _Unit:
    """A word of the best path, or a sign; frames from ``start``, before ``end``."""

    start: int
    end: int
    text: str

    @property
    def begins_word(self) -> bool:
        return self.text.startswith(" ")


@dataclass(frozen=True)
class _Found:
    """A phrase in the place of units ``first`` to ``last``, with what it gains on the best path."""

    gain: float
    phrase: Phrase
    first: int
    last: int
    is_there: bool


class CtcPhrases:
    """Words and names to expect, ready to be aligned.

    Args:
        phrases: At least one.
        vocabulary: The model's.
        blank: The id of its blank.
    """

    def __init__(self, phrases: Sequence[Phrase], vocabulary: Vocabulary, *, blank: int) -> None:
        self._texts = vocabulary.texts
        self._blank = blank
        space = next((key for key, text in self._texts.items() if text == " "), None)
        self._kinds = [
            _Kind(same, space, blank, has_spaces=has_spaces)
            for has_spaces in (True, False)
            if (same := [each for each in phrases if each.has_spaces == has_spaces])
        ]

    def best_path(self, logprobs: Floats) -> Path:
        """Return the best token of each frame, with phrases in the place of what is near them.

        Args:
            logprobs: Natural logarithms of the posteriors, shape (num_frames, num_tokens).
        """
        path: Path = logprobs.argmax(axis=1)
        if not len(path):
            return path
        costs = logprobs - logprobs.max(axis=1, keepdims=True)
        for kind in self._kinds:
            units = self._units(path, by_words=kind.has_spaces)
            found = sorted(_candidates(costs, units, kind), key=lambda each: -each.gain)
            taken: set[int] = set()
            for each in found:
                places = set(range(each.first, each.last + 1))
                if places & taken:
                    continue
                taken |= places
                if not each.is_there:
                    self._write(path, costs, units, each)
        return path

    def _units(self, path: Path, *, by_words: bool) -> list[_Unit]:
        """Return the words of a path, each with the space before it, and signs by themselves."""
        units: list[_Unit] = []
        edges = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
        for start, end in pairwise(edges):
            text = self._texts.get(int(path[start]))
            if text is None:
                continue
            before = units[-1].text if units else ""
            goes_on = before == " " or not (
                text.startswith(" ") or is_punctuation(text) or is_punctuation(before)
            )
            if units and goes_on and by_words:
                units[-1] = _Unit(units[-1].start, end, before + text)
            else:
                units.append(_Unit(start, end, text))
        return units

    def _write(self, path: Path, costs: Floats, units: Sequence[_Unit], found: _Found) -> None:
        start, _ = _bounds(units, len(costs), found.first, found.first)
        _, end = _bounds(units, len(costs), found.first, found.last)
        written = _align(costs[start:end], found.phrase.token_ids, self._blank)
        joins_left = start > 0 and written[0] == path[start - 1] != self._blank
        joins_right = end < len(path) and written[-1] == path[end] != self._blank
        if not joins_left and not joins_right:
            path[start:end] = written


class _Kind:
    """Phrases of scripts with spaces between words, or of scripts without."""

    def __init__(
        self, phrases: Sequence[Phrase], space: int | None, blank: int, *, has_spaces: bool
    ) -> None:
        self.has_spaces = has_spaces
        # With a token of its own for the space a phrase begins with it, but at the very start.
        first = [_without_first(each) for each in phrases if each.token_ids[0] == space]
        self.within = _Table(phrases, blank)
        self.at_start = _Table([*phrases, *first], blank) if first else self.within
        lengths = [len(each.text.split()) if has_spaces else len(each.text) for each in phrases]
        self.most_units = max(lengths) + _MORE_WORDS


class _Table:
    """Phrases with a blank around each token, one in each row."""

    def __init__(self, phrases: Sequence[Phrase], blank: int) -> None:
        self.phrases = phrases
        width = 2 * max(len(each.token_ids) for each in phrases) + 1
        self._tokens = np.full((len(phrases), width), blank)
        for row, each in zip(self._tokens, phrases, strict=True):
            row[1 : 2 * len(each.token_ids) : 2] = each.token_ids
        self._skips = np.zeros(self._tokens.shape, bool)
        self._skips[:, 3::2] = self._tokens[:, 3::2] != self._tokens[:, 1:-2:2]
        self._last = np.array([2 * len(each.token_ids) for each in phrases])
        self._bonus = np.array([each.bonus for each in phrases], np.float32)

    def aligned(
        self, costs: Floats, start: int, ends: Sequence[int]
    ) -> Iterator[tuple[int, Floats]]:
        """Yield what each phrase gains if it has the frames from ``start`` to each of ``ends``.

        Phrases that can gain nothing any more are not followed further.
        """
        rows = np.arange(len(self.phrases))
        scores = np.full(self._tokens.shape, -np.inf, np.float32)
        scores[:, 0] = 0.0
        for frame in range(start, ends[-1]):
            emitted = costs[frame][self._tokens[rows]]
            if frame == start:
                scores[:, 1] = 0.0
            else:
                scores = _step(scores, self._skips[rows])
            scores = scores + emitted
            alive = scores.max(axis=1) + self._bonus[rows] > 0
            if not alive.all():
                rows, scores = rows[alive], scores[alive]
            if not len(rows):
                return
            if frame + 1 in ends:
                at, last = np.arange(len(rows)), self._last[rows]
                gains = np.full(len(self.phrases), -np.inf, np.float32)
                ended = np.maximum(scores[at, last], scores[at, last - 1])
                gains[rows] = ended + self._bonus[rows]
                yield frame + 1, gains


def _candidates(costs: Floats, units: Sequence[_Unit], kind: _Kind) -> Iterator[_Found]:
    """Yield what could take the place of which units."""
    for first, unit in enumerate(units):
        if first and kind.has_spaces and not unit.begins_word:
            continue
        table = kind.within if first else kind.at_start
        last = min(first + kind.most_units, len(units)) - 1
        bounds = [_bounds(units, len(costs), first, each) for each in range(first, last + 1)]
        lasts = {end: first + index for index, (_, end) in enumerate(bounds)}
        for end, gains in table.aligned(costs, bounds[0][0], tuple(lasts)):
            text = "".join(each.text for each in units[first : lasts[end] + 1]).strip().casefold()
            for row in np.flatnonzero(gains > 0).tolist():
                phrase = table.phrases[row]
                written = phrase.text.casefold()
                is_there = text.startswith(written)
                gain = float(gains[row])
                # A word that is nearly the same has to be nearly as likely.
                bound = phrase.weight * _PER_CHANGE * num_changes(text, written)
                if is_there or phrase.bonus - gain < bound:
                    yield _Found(gain, phrase, first, lasts[end], is_there)


def _step(scores: Floats, skips: NDArray[np.bool_]) -> Floats:
    """Return the best score of each place of a row before its frame is emitted."""
    moved = scores.copy()
    np.maximum(moved[:, 1:], scores[:, :-1], out=moved[:, 1:])
    np.maximum(moved[:, 2:], np.where(skips[:, 2:], scores[:, :-2], -np.inf), out=moved[:, 2:])
    return moved


def _align(costs: Floats, token_ids: Sequence[int], blank: int) -> Path:
    """Return the best path of a text through all frames."""
    row = np.full(2 * len(token_ids) + 1, blank)
    row[1::2] = token_ids
    scores = np.full((len(costs), len(row)), -np.inf, np.float32)
    came = np.zeros(scores.shape, np.int64)
    scores[0, :2] = costs[0, row[:2]]
    for frame in range(1, len(costs)):
        for place in range(len(row)):
            may_skip = place % 2 and place > 1 and row[place] != row[place - 2]
            back = range(min(place, 2 if may_skip else 1) + 1)
            step = max(back, key=lambda each: scores[frame - 1, place - each])
            came[frame, place] = step
            scores[frame, place] = scores[frame - 1, place - step] + costs[frame, row[place]]
    place = max(len(row) - 1, len(row) - 2, key=lambda each: scores[-1, each])
    path = np.empty(len(costs), np.int64)
    for frame in range(len(costs) - 1, -1, -1):
        path[frame] = row[place]
        place -= int(came[frame, place])
    return path


def _bounds(units: Sequence[_Unit], num_frames: int, first: int, last: int) -> tuple[int, int]:
    """Return the frames of units, with those around them that have no token."""
    start = units[first - 1].end if first else 0
    end = units[last + 1].start if last + 1 < len(units) else num_frames
    return start, end


def _without_first(phrase: Phrase) -> Phrase:
    return Phrase(text=phrase.text, token_ids=phrase.token_ids[1:], weight=phrase.weight)
