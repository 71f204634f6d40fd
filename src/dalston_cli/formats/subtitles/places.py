"""When cues are shown: in order, apart from each other, and long enough to be read.

A cue begins with its first word. Where it then has too little time, it gets some from the silence
after it, from that before it, and at last from the cue after it, which begins later. Both are
bounded, so that nothing is shown far from where it is said: what is said faster than it can be
read, for longer than that, stays too fast.
"""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import NamedTuple

from dalston_cli.formats.subtitles.drafts import Draft
from dalston_cli.formats.subtitles.rules import SubtitleRules

EARLY_MS = 300
"""A cue begins so long before its first word at most."""
LATE_MS = 500
"""A cue begins so long after its first word at most, to leave time for reading those before."""
_LATEST_MS = 1500
"""The same, to leave those before it the shortest duration."""
_PORTION_MS = 20
"""So much is taken at once from cues that can spare the same."""
_TOGETHER = 12
"""So many cues before one that begins too late are looked at to find it some time."""


class _Bounds(NamedTuple):
    """How much time may be taken from cues, and when, in milliseconds.

    Attributes:
        shortest: What is left to each cue.
        late: Time is taken where a later cue would begin so long after its first word.
    """

    shortest: Sequence[int]
    late: int


def places(
    drafts: Sequence[Draft], rules: SubtitleRules, *, duration_s: float
) -> list[tuple[int, int]]:
    """Return start and end of every cue, in order, without overlap, long enough to be read.

    They are whole milliseconds, the finest that SubRip and WebVTT can write, so that no cue becomes
    empty when it is rounded: ``start < end``, and the next start is the shortest gap later or more.
    None is extended beyond the end of the recording at ``duration_s``.
    """
    plan = _Plan(drafts, rules, duration_s)
    plan.make_room()
    starts = plan.chosen_starts()
    longest = round(rules.max_cue_duration_s * 1000)
    shown: list[tuple[int, int]] = []
    for index, draft in enumerate(drafts):
        start, limit = starts[index], starts[index + 1] - plan.gap
        wanted = max(start + plan.needed[index], round(draft.end * 1000))
        shown.append((start, max(start + 1, min(wanted, limit, start + longest))))
    return shown


class _Plan:
    """Cues with the earliest times that they can have, in milliseconds.

    Attributes:
        needed: What each cue takes to read.
        given: What each cue gets at least.
    """

    def __init__(self, drafts: Sequence[Draft], rules: SubtitleRules, duration_s: float) -> None:
        self.gap = round(rules.min_gap_s * 1000)
        self.needed = [max(1, ceil(draft.needed_s(rules) * 1000)) for draft in drafts]
        self.given = list(self.needed)
        shortest = max(1, round(rules.min_cue_duration_s * 1000))
        self._bounds = (
            _Bounds([min(shortest, each) for each in self.needed], LATE_MS),
            _Bounds([1] * len(drafts), _LATEST_MS),
        )
        # The end of the recording is one more cue, which cannot begin later.
        self._said = [round(draft.start * 1000) for draft in drafts]
        self._said.append(round(duration_s * 1000) + self.gap)
        self._earliest: list[int] = []

    def make_room(self) -> None:
        """Take time from cues before those that would begin too late."""
        for index in range(len(self._said)):
            self._earliest.append(self._earliest_of(index))
            for bounds in self._bounds:
                late = bounds.late if index < len(self.needed) else 0
                while self._earliest[index] > self._said[index] + late:
                    excess = self._earliest[index] - self._said[index] - late
                    if not self._take(index, excess, bounds.shortest):
                        break

    def chosen_starts(self) -> list[int]:
        """Return the starts, each as near to the first word as can be, and the end of all."""
        starts = [max(self._said[-1], self._earliest[-1])]
        for index in reversed(range(len(self.needed))):
            latest = starts[-1] - self.gap - self.given[index]
            starts.append(max(self._earliest[index], min(self._said[index], latest)))
        return starts[::-1]

    def _earliest_of(self, index: int) -> int:
        is_end = index == len(self.needed)
        before = 0 if is_end else max(0, self._said[index] - EARLY_MS)
        return max(before, self._free_after(index - 1)) if index else before

    def _free_after(self, index: int) -> int:
        return self._earliest[index] + self.given[index] + self.gap

    def _take(self, index: int, excess: int, shortest: Sequence[int]) -> bool:
        """Take time from the cue that exceeds its own most; return False if none does.

        A cue's own time is that until the next one is said. Only cues that follow each other
        without a pause, up to the one at ``index``, can be asked.
        """
        spare = {
            place: self.given[place] - max(shortest[place], self._own(place, shortest))
            for place in self._before(index)
        }
        found = max(spare, key=lambda place: spare[place], default=None)
        if found is None or spare[found] <= 0:
            return False
        others = max((each for place, each in spare.items() if place != found), default=0)
        self.given[found] -= min(spare[found], excess, max(spare[found] - others, _PORTION_MS))
        for place in range(found + 1, index + 1):
            self._earliest[place] = self._earliest_of(place)
        return True

    def _before(self, index: int) -> Iterator[int]:
        """Yield the cues before one that follow each other without a pause, the last one first."""
        for place in range(index - 1, max(-1, index - 1 - _TOGETHER), -1):
            if self._earliest[place + 1] > self._free_after(place):
                return
            yield place

    def _own(self, place: int, shortest: Sequence[int]) -> int:
        """Return a cue's own time; where all get less than the shortest, the last one has none."""
        is_last = place + 1 == len(self.needed)
        if is_last and shortest[place] < self._bounds[0].shortest[place]:
            return 0
        return self._said[place + 1] - self.gap - self._said[place]
