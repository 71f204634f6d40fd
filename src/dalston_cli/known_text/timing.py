"""Times of a known text's words: those recognised at their places, and others between them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from dalston_cli.known_text.matching import NONE, Matched
from dalston_cli.known_text.passages import Passages
from dalston_cli.known_text.spoken import Spoken
from dalston_cli.known_text.written import Written

_SLOW = 1.5
"""Words that were not recognised do not fill a pause: this many times their usual length."""
_SHORTEST_S = 0.02
"""Time for a word; where there is less, a part of the word before it is taken."""


class Timed(Struct):
    """The time of a word, in seconds.

    Attributes:
        exact: It is that of a word that was recognised.
    """

    start: float
    end: float
    exact: bool


def word_times(
    written: Written, spoken: Spoken, matched: Matched, passages: Passages
) -> list[Timed | None]:
    """Return the time of every word of a text; None for those that were left out."""
    times = [_recognised(written, spoken, matched, at) for at in range(len(written))]
    left_out = bytearray(len(written))
    for hunk in passages.left_out:
        for at in range(*hunk.known):
            left_out[at] = True
    added = [
        (spoken.starts[first], spoken.ends[last - 1])
        for first, last in (hunk.spoken for hunk in passages.added)
    ]
    for first, last in _without_time(times, left_out):
        low, high = _room(times, first, last, added)
        low, high = _near(written, (low, high), (first, last), passages.letter_s)
        low = _at_least(times, first, last, (low, high))
        for at, (start, end) in zip(
            range(first, last), _shared(written.words[first:last], low, high), strict=True
        ):
            times[at] = Timed(start, end, exact=False)
    return times


def _recognised(written: Written, spoken: Spoken, matched: Matched, at: int) -> Timed | None:
    first, last = written.firsts[at], written.firsts[at + 1]
    places = [matched.places[each] for each in range(first, last)]
    found = [place for place in places if place != NONE]
    if not found:
        return None
    sure = any(matched.sure[first:last]) and all(spoken.exact[place] for place in found)
    return Timed(spoken.starts[found[0]], spoken.ends[found[-1]], exact=sure)


def _without_time(times: Sequence[Timed | None], left_out: bytearray) -> Iterator[tuple[int, int]]:
    """Yield words in a row that were said, and whose time is not known."""
    at = 0
    while at < len(times):
        first = at
        while at < len(times) and times[at] is None and not left_out[at]:
            at += 1
        if at > first:
            yield first, at
        at = max(at, first + 1)


def _room(
    times: Sequence[Timed | None], first: int, last: int, added: Sequence[tuple[float, float]]
) -> tuple[float, float]:
    """Return the time between the words before and after, without passages that were added."""
    before = next((one for at in range(first - 1, -1, -1) if (one := times[at])), None)
    after = next((one for at in range(last, len(times)) if (one := times[at])), None)
    low = before.end if before else max(0.0, (after.start if after else 0.0) - 60)
    high = after.start if after else low + 60
    bounds = [low]
    for start, end in added:
        if low <= start and end <= high:
            bounds += [start, end]
    bounds.append(max(low, high))
    free = [*zip(bounds[::2], bounds[1::2], strict=True)]
    return max(free, key=lambda each: each[1] - each[0])


def _near(
    written: Written, room: tuple[float, float], words: tuple[int, int], letter_s: float
) -> tuple[float, float]:
    """Return the part of a room that words fill, beside the one of their own sentence."""
    low, high = room
    first, last = words
    longest_s = _SLOW * letter_s * written.letters(first, last)
    if high - low <= longest_s:
        return room
    is_before = first == 0 or (
        last < len(written) and written.units[last - 1] == written.units[last]
    )
    return (high - longest_s, high) if is_before else (low, low + longest_s)


def _at_least(times: list[Timed | None], first: int, last: int, room: tuple[float, float]) -> float:
    """Return the start of some words: where there is no room for them, the one before is cut."""
    low, high = room
    before = times[first - 1] if first else None
    if before is None or before.end < low or high - low >= _SHORTEST_S * (last - first):
        return low
    middle = (before.start + before.end) / 2
    before.end = middle
    return middle


def _shared(words: Sequence[str], low: float, high: float) -> Iterator[tuple[float, float]]:
    total = sum(map(len, words))
    bounds, passed = [low], 0
    for word in words:
        passed += len(word)
        bounds.append(low + (high - low) * passed / total)
    yield from pairwise(bounds)
