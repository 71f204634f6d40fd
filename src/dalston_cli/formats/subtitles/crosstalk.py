"""Crosstalk: two speakers at once are one cue, each on lines of its own after a dash.

Cues follow each other, so what is said meanwhile is shown too late, or the first cue too briefly.
The same holds for a word that another speaker answers at once. Where both fit into one cue by all
the rules, they are one; elsewhere they stay two.

Reference:
    Netflix, Timed Text Style Guide: General Requirements, "Dual Speakers".
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from dalston_cli.formats.subtitles.breaking import break_cues, line_width
from dalston_cli.formats.subtitles.drafts import Draft, SpeakerName, Voice
from dalston_cli.formats.subtitles.places import LATE_MS
from dalston_cli.formats.subtitles.rules import MIN_LINE_WIDTH, SubtitleRules

_DASH_COLUMNS = 2
_AT_ONCE_S = 1.0
"""An answer that comes later is none to the words before it."""


def join_crosstalk(
    drafts: Sequence[Draft],
    rules: SubtitleRules,
    label: SpeakerName | None,
    *,
    duration_s: float,
) -> list[Draft]:
    """Return the drafts with those joined that are said at once, and that one cue can hold.

    Args:
        drafts: Of one speaker each, by their starts.
        rules: Limits of width, duration and speed.
        label: Names of speakers; None to show none.
        duration_s: End of the recording.
    """
    joined: list[Draft] = []
    earliest = 0.0  # what comes before the last of ``joined`` is shown until then
    for place, draft in enumerate(drafts):
        if joined and _is_crosstalk(joined[-1], draft, rules):
            limit = drafts[place + 1].start if place + 1 < len(drafts) else duration_s
            room = _Room(earliest, limit)
            together = _together(joined[-1].voices[0], draft.voices[0], room, rules, label)
            if together:
                joined[-1:] = together
                for shown in together[:-1]:
                    earliest = _free_after(shown, earliest, rules)
                continue
        if joined:
            earliest = _free_after(joined[-1], earliest, rules)
        joined.append(draft)
    return joined


class _Room(NamedTuple):
    """Seconds between what is shown before and the start of what follows."""

    start: float
    end: float


def _free_after(draft: Draft, earliest: float, rules: SubtitleRules) -> float:
    """Return when a cue may begin after this one, which begins at ``earliest`` or later."""
    return min(draft.end, max(draft.start, earliest) + rules.min_cue_duration_s)


def _is_crosstalk(first: Draft, second: Draft, rules: SubtitleRules) -> bool:
    """Return True if the first one cannot be read before the second one begins.

    A second one that begins after the end of the first can wait a little.
    """
    if len(first.voices) > 1 or first.speaker == second.speaker:
        return False
    if any(draft.voices[0].atoms[-1].is_label for draft in (first, second)):
        return False  # a name that fills a cue by itself
    room = second.start - first.start
    if second.start < first.end:
        return room < first.needed_s(rules)
    is_answer = second.start - first.end < _AT_ONCE_S
    return is_answer and room + LATE_MS / 1000 < first.needed_s(rules) + rules.min_gap_s


def _together(
    first: Voice, second: Voice, room: _Room, rules: SubtitleRules, label: SpeakerName | None
) -> list[Draft]:
    """Return drafts of which one has both speakers; none where the rules do not allow any."""
    for before, pair, after in (
        ((), (first, second), ()),
        *_cut(first, second, rules, is_first=True),
        *_cut(second, first, rules, is_first=False),
    ):
        both = Draft(tuple(_dashed(voice, label) for voice in pair))
        drafts = [*(Draft((voice,)) for voice in before), both]
        drafts += (Draft((voice,)) for voice in after)
        if _holds(both, rules) and _can_be_read(drafts, room, rules):
            return drafts
    return []


def _dashed(voice: Voice, label: SpeakerName | None) -> Voice:
    return voice.dashed(label(voice.speaker) if label else None)


_Split = tuple[tuple[Voice, ...], tuple[Voice, ...], tuple[Voice, ...]]
"""What is shown before, at the same time, and after."""


def _cut(long: Voice, other: Voice, rules: SubtitleRules, *, is_first: bool) -> Sequence[_Split]:
    """Return how ``long`` may be cut into lines, of which one is shown with the other voice."""
    narrow = max(rules.max_line_width - _DASH_COLUMNS, MIN_LINE_WIDTH)
    of_one_line = replace(rules, max_line_count=1, max_line_width=narrow)
    parts = [Voice(tuple(part), long.speaker) for part in break_cues(long.atoms, of_one_line)]
    if len(parts) == 1 or any(part.atoms[-1].is_label for part in parts):
        return ()  # one line holds it all, or not even a name with a word
    place = max(range(len(parts)), key=lambda at: _overlap_s(parts[at], other))
    pair = (parts[place], other) if is_first else (other, parts[place])
    return ((tuple(parts[:place]), pair, tuple(parts[place + 1 :])),)


def _overlap_s(left: Voice, right: Voice) -> float:
    return min(left.end, right.end) - max(left.start, right.start)


def _holds(both: Draft, rules: SubtitleRules) -> bool:
    """Return True if one cue holds them: its lines, their width, its duration."""
    lines = [line for line, _ in both.lines(rules)]
    return (
        len(lines) <= rules.max_line_count
        and all(line_width(line) <= rules.max_line_width for line in lines)
        and both.end - both.start <= rules.max_cue_duration_s
    )


def _can_be_read(drafts: Sequence[Draft], room: _Room, rules: SubtitleRules) -> bool:
    """Return True if each is shown long enough before the next one, or the end of the room."""
    starts, earliest = [], room.start
    for draft in drafts:
        starts.append(max(draft.start, earliest))
        earliest = _free_after(draft, earliest, rules)
    ends = [*starts[1:], room.end]
    return all(
        min(end - rules.min_gap_s - start, rules.max_cue_duration_s) >= draft.needed_s(rules)
        for draft, start, end in zip(drafts, starts, ends, strict=True)
    )
