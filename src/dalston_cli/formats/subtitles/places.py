"""When cues are shown: in order, without overlap, long enough to be read."""

from collections.abc import Sequence
from itertools import zip_longest

from dalston_cli.formats.subtitles.drafts import Draft
from dalston_cli.formats.subtitles.rules import SubtitleRules


def places(
    drafts: Sequence[Draft], rules: SubtitleRules, *, duration_s: float
) -> list[tuple[int, int]]:
    """Return start and end of every cue, in order, without overlap, long enough to be read.

    They are whole milliseconds, the finest that SubRip and WebVTT can write, so that no cue becomes
    empty when it is rounded: ``start < end``, and no end is later than the next start. None is
    extended beyond the end of the recording at ``duration_s``.
    """
    starts = _starts(drafts, rules)
    last = round(duration_s * 1000)
    return [
        (start, _end(draft, start, following, rules, last))
        for draft, start, following in zip_longest(drafts, starts, starts[1:])
    ]


def _starts(drafts: Sequence[Draft], rules: SubtitleRules) -> list[int]:
    """Return ascending starts; of overlapping cues the later one waits for the first."""
    starts: list[int] = []
    earliest = 0
    for draft in drafts:
        start = max(round(draft.start * 1000), earliest)
        starts.append(start)
        end = max(round(draft.end * 1000), start + 1)
        earliest = min(end, start + max(1, round(rules.min_cue_duration_s * 1000)))
    return starts


def _end(draft: Draft, start: int, following: int | None, rules: SubtitleRules, last: int) -> int:
    longest = start + round(rules.max_cue_duration_s * 1000)
    end = max(round(draft.end * 1000), start + 1)
    end = min(max(end, min(start + round(draft.needed_s(rules) * 1000), last)), longest)
    if following is None:
        return end
    with_gap = following - round(rules.min_gap_s * 1000)
    shortest = start + max(1, round(rules.min_cue_duration_s * 1000))
    return min(end, with_gap if with_gap >= shortest else following)
