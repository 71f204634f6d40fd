"""Lookups of speaker turns by time."""

from collections.abc import Sequence

from dalston_sdk.wire import SpeakerTurn

_REACH_S = 1.0
"""The largest distance in seconds of a word from the turn that it belongs to."""

_FIT = 0.5
"""The share that a turn and a sentence must have in common of all that both cover."""


class Turns:
    """Speaker turns by time; quick for lookups in time order."""

    def __init__(self, turns: Sequence[SpeakerTurn]) -> None:
        self._turns = sorted(turns, key=lambda turn: turn.start)
        self._next = 0
        self._near: list[SpeakerTurn] = []
        self._last_start = 0.0

    def seconds(self, start: float, end: float) -> dict[str, float]:
        """Return the seconds of each speaker between two points in time."""
        seconds: dict[str, float] = {}
        for turn in self._between(start, end):
            overlap = min(end, turn.end) - max(start, turn.start)
            if overlap > 0:
                seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + overlap
        return seconds

    def nearest(self, start: float, end: float) -> str | None:
        """Return the speaker whose turn is nearest, if one is near enough."""
        near = [
            (max(turn.start - end, start - turn.end, 0.0), turn.speaker)
            for turn in self._between(start, end)
        ]
        distance, speaker = min(near, default=(_REACH_S, None))
        return speaker if distance < _REACH_S else None

    def fitting(self, start: float, end: float) -> str | None:
        """Return the speaker of the one turn of about this length in this place."""
        fits: dict[str, float] = {}
        for turn in self._between(start, end):
            common = min(end, turn.end) - max(start, turn.start)
            fit = common / (max(end, turn.end) - min(start, turn.start))
            fits[turn.speaker] = max(fit, fits.get(turn.speaker, 0.0))
        best = longest(fits)
        if best is None or fits[best] < _FIT or list(fits.values()).count(fits[best]) > 1:
            return None
        return best

    def _between(self, start: float, end: float) -> Sequence[SpeakerTurn]:
        """Return the turns that are within reach."""
        if start < self._last_start:
            self._next, self._near = 0, []
        self._last_start = start
        while self._next < len(self._turns) and self._turns[self._next].start < end + _REACH_S:
            self._near.append(self._turns[self._next])
            self._next += 1
        self._near = [turn for turn in self._near if turn.end > start - _REACH_S]
        return self._near


def longest(seconds: dict[str, float]) -> str | None:
    """Return the speaker with most seconds; None without any."""
    return max(seconds, key=lambda speaker: seconds[speaker]) if seconds else None
