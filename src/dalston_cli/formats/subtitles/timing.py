"""Times of cues: in order, without overlap, long enough to be read.

Everything here is whole milliseconds, the finest that SubRip and WebVTT can write, so that no cue
becomes empty when it is rounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from dalston_cli.formats.subtitles.rules import SubtitleRules


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """A cue's words: start and end in seconds, and the width of their text."""

    start: float
    end: float
    columns: int


def place_cues(
    spoken: Sequence[Spoken], rules: SubtitleRules, *, duration_s: float
) -> list[tuple[int, int]]:
    """Return start and end of every cue, in milliseconds, for cues ordered by start.

    For each, ``start < end``, and no end is later than the next start; none is extended beyond the
    end of the recording at ``duration_s``.
    """
    starts = _starts(spoken, rules)
    last = round(duration_s * 1000)
    return [
        (start, _end(cue, start, following, rules, last))
        for cue, start, following in zip_longest(spoken, starts, starts[1:])
    ]


def _starts(spoken: Sequence[Spoken], rules: SubtitleRules) -> list[int]:
    """Return ascending starts; of overlapping cues the later one waits for the first."""
    starts: list[int] = []
    earliest = 0
    for cue in spoken:
        start = max(round(cue.start * 1000), earliest)
        starts.append(start)
        end = max(round(cue.end * 1000), start + 1)
        earliest = min(end, start + max(1, round(rules.min_cue_duration_s * 1000)))
    return starts


def _end(cue: Spoken, start: int, following: int | None, rules: SubtitleRules, last: int) -> int:
    longest = start + round(rules.max_cue_duration_s * 1000)
    needed_s = max(rules.min_cue_duration_s, cue.columns / rules.max_cps)
    end = max(round(cue.end * 1000), start + 1)
    end = min(max(end, min(start + round(needed_s * 1000), last)), longest)
    if following is None:
        return end
    with_gap = following - round(rules.min_gap_s * 1000)
    shortest = start + max(1, round(rules.min_cue_duration_s * 1000))
    return min(end, with_gap if with_gap >= shortest else following)
