"""A known text aligned with what was recognised of a recording, however long both are.

Anchors first, then the short rows between them: memory grows with the length and not with its
square.
"""

from collections.abc import Iterator, Sequence

from dalston_cli.known_text.chain import anchors
from dalston_cli.known_text.gap import Area, align_gap
from dalston_cli.known_text.tokens import Tokens

NONE = -1

_SMALL = 40_000
"""Pairs that are compared one by one, before anchors are looked for."""
_LARGEST = 1_500_000
"""Pairs that are compared at all where there is no anchor; more have nothing in common."""

_ISLAND = 4
"""Words in a row that may be the same by chance, where nothing near them is."""
_NEAR, _FAR = 3, 12
"""Words between those of one run, and around one that is alone."""


class Matched:
    """The place, in what was recognised, of each token of a text.

    Attributes:
        places: ``NONE`` for a token that has none.
        sure: True where both tokens are equal or alike; others are only at the same place.
    """

    def __init__(self, num_tokens: int) -> None:
        self.places = [NONE] * num_tokens
        self.sure = bytearray(num_tokens)

    def put(self, at: int, place: int, *, sure: bool) -> None:
        """Give a token its place."""
        self.places[at], self.sure[at] = place, sure

    def drop(self, at: int) -> None:
        """Take a token's place away."""
        self.places[at], self.sure[at] = NONE, False

    @property
    def num_sure(self) -> int:
        """Tokens that were found."""
        return sum(self.sure)


def match(known: Tokens, spoken: Tokens) -> Matched:
    """Align a text with what was recognised; places are in order."""
    matched = Matched(len(known))
    areas: list[Area] = [(0, len(known), 0, len(spoken))]
    while areas:
        area = _trimmed(known.same, spoken.same, areas.pop(), matched)
        first, last, begin, end = area
        pairs = (last - first) * (end - begin)
        if not pairs:
            continue
        found = anchors(known.same, spoken.same, area) if pairs > _SMALL else []
        for at, place in found:
            matched.put(at, place, sure=True)
        if found:
            areas += _between(found, area)
        elif pairs <= _LARGEST:
            for at, place, sure in align_gap(known, spoken, area):
                matched.put(at, place, sure=sure)
    _drop_islands(matched, len(spoken))
    return matched


def _trimmed(known: Sequence[int], spoken: Sequence[int], area: Area, matched: Matched) -> Area:
    """Return an area without what is equal at its ends, which is put into its places."""
    first, last, begin, end = area
    while first < last and begin < end and known[first] == spoken[begin]:
        matched.put(first, begin, sure=True)
        first, begin = first + 1, begin + 1
    while first < last and begin < end and known[last - 1] == spoken[end - 1]:
        last, end = last - 1, end - 1
        matched.put(last, end, sure=True)
    return first, last, begin, end


def _between(found: Sequence[tuple[int, int]], area: Area) -> Iterator[Area]:
    """Yield what lies before, between and after anchors."""
    first, last, begin, end = area
    for at, place in found:
        if first < at or begin < place:
            yield first, at, begin, place
        first, begin = at + 1, place + 1
    yield first, last, begin, end


def _drop_islands(matched: Matched, num_spoken: int) -> None:
    """Take places away from a few words in a row far from all others: they are there by chance."""
    runs = list(_runs(matched))
    last = (-1, -1)
    for number, run in enumerate(runs):
        here, there = run[0], run[-1]
        if number + 1 < len(runs):
            following = runs[number + 1][0]
            after = (following, matched.places[following])
        else:
            after = (len(matched.places), num_spoken)
        before_gap = max(here - last[0], matched.places[here] - last[1]) - 1
        after_gap = max(after[0] - there, after[1] - matched.places[there]) - 1
        if len(run) < _ISLAND and min(before_gap, after_gap) >= _FAR:
            for at in range(last[0] + 1, after[0]):
                matched.drop(at)
        else:
            last = (there, matched.places[there])


def _runs(matched: Matched) -> Iterator[list[int]]:
    """Yield the tokens that were found, those together that are near each other on both sides."""
    run: list[int] = []
    for at, place in enumerate(matched.places):
        if not matched.sure[at]:
            continue
        if run:
            apart = max(at - run[-1], place - matched.places[run[-1]]) - 1
            if apart > _NEAR:
                yield run
                run = []
        run.append(at)
    if run:
        yield run
