"""Where words of one text are in another one, and corrections among them."""

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from dalston_cli.review.words import opcodes, timed_words
from dalston_sdk.wire import Segment, Word

_MARKS = re.compile(r"[^\w]+")
_AROUND = 3
"""Words before and behind a correction, by which a person knows it again."""
_NEAR_S = 1.0
"""How far from its segment's time a word may be found again."""
_MOST_MORE = 3
"""Words by which what a correction replaces may have grown."""


class Flat(Struct, frozen=True):
    """The words of several segments in a row.

    Attributes:
        names: For each word, the name of its segment.
        starts: Positions of words that begin a segment, but the first.
    """

    words: tuple[Word, ...]
    names: tuple[str | None, ...]
    starts: frozenset[int]

    @property
    def keys(self) -> list[str]:
        """Return what words are compared by: letters, without capitals and marks."""
        return [_MARKS.sub("", word.text).casefold() or word.text.strip() for word in self.words]

    @property
    def texts(self) -> list[str]:
        """The words without white space."""
        return [word.text.strip() for word in self.words]


class Hunk(Struct, frozen=True):
    """A correction of words: when they are spoken, and what a person wrote, words around it too."""

    start: float
    end: float
    text: str


class Placed(Struct, frozen=True):
    """Words of a person, and the range of the new words whose place they take."""

    first: int
    last: int
    words: tuple[Word, ...]


class Carried(Struct, frozen=True):
    """New words, and what takes the place of some."""

    new: Flat
    changes: tuple[Placed, ...]

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield the name and the text of each segment that changes."""
        parts: dict[str, list[str]] = {name: [] for name in self.new.names if name is not None}
        changed: set[str] = set()
        at = 0
        for change in (*self.changes, None):
            until = len(self.new.words) if change is None else change.first
            for word, name in zip(self.new.words[at:until], self.new.names[at:until], strict=True):
                parts[name or ""].append(word.text)
            if change is None:
                break
            at = change.last
            inside = self.new.names[change.first : change.last]
            name = inside[0] if inside else self.new.names[max(change.first - 1, 0)]
            changed.update(each for each in (*inside, name) if each)
            parts[name or ""] += (f" {word.text.strip()}" for word in change.words)
        for each in (name for name in parts if name in changed):
            yield each, "".join(parts[each]).strip()


def flat(segments: Iterable[tuple[Segment, str | None]]) -> Flat:
    """Return the words of segments, each with its name."""
    words: list[Word] = []
    names: list[str | None] = []
    starts = set()
    for segment, name in segments:
        own = timed_words(segment)
        if words and own:
            starts.add(len(words))
        words += own
        names += [name] * len(own)
    return Flat(tuple(words), tuple(names), frozenset(starts))


def mapped(old: Flat, new: Flat) -> dict[int, int]:
    """Return where words of one text are in the other."""
    return {
        i1 + step: j1 + step
        for equal, i1, i2, j1, _ in opcodes(old.keys, new.keys)
        if equal
        for step in range(i2 - i1)
    }


def place_hunks(
    before: Flat, after: Flat, new: Flat, window: tuple[float, float]
) -> tuple[tuple[Placed, ...], tuple[Hunk, ...]]:
    """Return where in the new words a person's go, and what has no place.

    Args:
        before: The machine's words, as they were.
        after: The same as corrected.
        new: The machine's words now, around them.
        window: From when to when the machine's words were spoken.
    """
    placed: list[Placed] = []
    lost = []
    found = _found_near(before, new, window)
    for equal, i1, i2, j1, j2 in opcodes(before.texts, after.texts):
        if equal:
            continue
        words = after.words[j1:j2]
        at = _range(found, (i1, i2), before, new, window)
        if at is not None and new.texts[slice(*at)] == [word.text.strip() for word in words]:
            continue  # the machine has it now
        grown = 0 if at is None else at[1] - at[0] - (i2 - i1)
        most = _MOST_MORE if i2 > i1 else 0
        if at is None or grown > most or (placed and at[0] < placed[-1].last):
            start, end = _time(before, i1, i2)
            around = after.words[max(j1 - _AROUND, 0) : j2 + _AROUND]
            lost.append(Hunk(start, end, "".join(word.text for word in around).strip()))
        else:
            placed.append(Placed(*at, words))
    return tuple(placed), tuple(lost)


def _found_near(before: Flat, new: Flat, window: tuple[float, float]) -> dict[int, int]:
    """Return where words are among those of their time: others may be the same by chance."""
    start, end = window[0] - _NEAR_S, window[1] + _NEAR_S
    there = [at for at, word in enumerate(new.words) if start <= _middle(word) <= end]
    if not there:
        return {}
    first, last = there[0], there[-1] + 1
    part = Flat(new.words[first:last], new.names[first:last], frozenset())
    return {at: first + place for at, place in mapped(before, part).items()}


def _time(words: Flat, first: int, last: int) -> tuple[float, float]:
    inside = words.words[first:last] or words.words[max(first - 1, 0) : first + 1]
    return (inside[0].start, inside[-1].end) if inside else (0.0, 0.0)


def _range(
    found: Mapping[int, int],
    hunk: tuple[int, int],
    before: Flat,
    new: Flat,
    window: tuple[float, float],
) -> tuple[int, int] | None:
    """Return which new words are those that a person replaced; None where that is not certain."""
    first, last = hunk
    own = [found.get(at) for at in range(first, last)]
    if own and None not in own:
        start, end = own[0] or 0, (own[-1] or 0) + 1
        return (start, end) if end - start == last - first else None
    left = found[first - 1] + 1 if first - 1 in found else None
    right = found.get(last)
    if first == 0:
        left = next((at for at, word in enumerate(new.words) if _middle(word) >= window[0]), None)
    if last == len(before.words):
        later = (at for at, word in enumerate(new.words) if _middle(word) > window[1])
        right = next(later, len(new.words))
    return None if left is None or right is None or right < left else (left, right)


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2
