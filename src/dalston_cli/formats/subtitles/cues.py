"""A transcript's cues: times, speaker and lines."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise, zip_longest

from msgspec import Struct

from dalston_cli.formats.subtitles.atoms import Atom, Token, atoms_of, split_where, with_label
from dalston_cli.formats.subtitles.breaking import break_cues, break_lines, line_width
from dalston_cli.formats.subtitles.rules import SubtitleRules
from dalston_sdk.wire import Segment, Transcript

_PAUSE_S = 1.0
"""A silence this long is never inside a cue."""

SpeakerName = Callable[[str | None], str | None]

Draft = tuple[Sequence[Atom], str | None]
"""A cue without times of its own: the atoms, and their speaker."""


class Cue(Struct, frozen=True, kw_only=True):
    """Text that is shown for a time: seconds, whole milliseconds; one label; tokens by line."""

    start: float
    end: float
    speaker: str | None
    lines: tuple[tuple[Token, ...], ...]

    @property
    def tokens(self) -> tuple[Token, ...]:
        """All lines' tokens."""
        return tuple(token for line in self.lines for token in line)

    def text(
        self,
        escape: Callable[[str], str] = str,
        marked: Token | None = None,
        mark: tuple[str, str] = ("", ""),
    ) -> str:
        """Return the lines, joined by a line feed.

        ``escape`` escapes text for the format. The token ``marked`` (by identity) is put between
        the two texts of ``mark``, which are not escaped.
        """
        return "\n".join(_line_text(line, escape, marked, mark) for line in self.lines)


def build_cues(
    transcript: Transcript, rules: SubtitleRules, label: SpeakerName | None = None
) -> tuple[Cue, ...]:
    """Return a transcript's cues by the rules, in time order, none beginning before the last ends.

    Args:
        transcript: Without words, segments' times are spread over their text.
        rules: Limits of width, duration and speed.
        label: Returns the name to put before a speaker's first words after another speaker, or
            None; no names without it.
    """
    drafts = _in_order(_drafts(transcript, rules, label))
    if label:
        drafts = _in_order(_named_again(drafts, rules, label))
    places = _places([cue for cue, _ in drafts], rules, duration_s=_duration(transcript))
    return tuple(
        Cue(
            start=start / 1000,
            end=end / 1000,
            speaker=speaker,
            lines=tuple(
                tuple(token for atom in line for token in atom.tokens)
                for line in break_lines(cue, rules)
            ),
        )
        for (cue, speaker), (start, end) in zip(drafts, places, strict=True)
    )


def rendered(
    cue: Cue, escape: Callable[[str], str], mark: tuple[str, str] | None
) -> Iterator[tuple[float, float, str]]:
    """Yield start, end (seconds) and text of a cue; with ``mark``, once for each spoken token.

    ``escape`` escapes text for the format; ``mark`` is the markup around the spoken token.
    """
    if mark is None:
        yield cue.start, cue.end, cue.text(escape)
        return
    times = [cue.start]
    for token in cue.tokens[1:]:
        times.append(max(times[-1], min(round(token.start, 3), cue.end)))
    for token, (start, end) in zip(cue.tokens, pairwise([*times, cue.end]), strict=True):
        if start < end:
            yield start, end, cue.text(escape, token, mark)


def _in_order(drafts: Iterable[Draft]) -> list[Draft]:
    return sorted(drafts, key=lambda draft: draft[0][0].start)


def _drafts(
    transcript: Transcript, rules: SubtitleRules, label: SpeakerName | None
) -> Iterator[Draft]:
    """Yield the cues of each speaker's consecutive segments."""
    labelled: str | None = None
    for group in split_where(transcript.segments, _is_other_voice):
        speaker = group[0].speaker
        for run in split_where(atoms_of(group, longest=rules.max_line_width // 2), _pauses):
            name = label(speaker) if label else None
            if name and name != labelled:
                run = with_label(name, run)  # noqa: PLW2901 - the same run, with its name
            labelled = name
            yield from ((cue, speaker) for cue in break_cues(run, rules))


def _named_again(
    drafts: Sequence[Draft], rules: SubtitleRules, label: SpeakerName
) -> Iterator[Draft]:
    """Yield cues in order, named again after another speaker interrupted theirs."""
    last: str | None = None
    for cue, speaker in drafts:
        name = label(speaker)
        if name and name != last and not cue[0].is_label:
            parts = break_cues(with_label(name, cue), rules)
            yield from ((part, speaker) for part in parts)
        else:
            yield cue, speaker
        last = name


def _is_other_voice(left: Segment, right: Segment) -> bool:
    return (left.speaker, left.channel) != (right.speaker, right.channel)


def _pauses(left: Atom, right: Atom) -> bool:
    return right.start - left.end >= _PAUSE_S


def _line_text(
    line: Sequence[Token], escape: Callable[[str], str], marked: Token | None, mark: tuple[str, str]
) -> str:
    parts: list[str] = []
    for index, token in enumerate(line):
        text = escape(token.text)
        if token is marked:
            text = f"{mark[0]}{text}{mark[1]}"
        parts.append(f" {text}" if index and token.spaced else text)
    return "".join(parts)


def _duration(transcript: Transcript) -> float:
    """Return the end of the recording, or of its text if that is later."""
    last = max((segment.end for segment in transcript.segments), default=0.0)
    return max(transcript.recording.duration_s, last)


def _places(
    cues: Sequence[Sequence[Atom]], rules: SubtitleRules, *, duration_s: float
) -> list[tuple[int, int]]:
    """Return start and end of every cue, in order, without overlap, long enough to be read.

    They are whole milliseconds, the finest that SubRip and WebVTT can write, so that no cue becomes
    empty when it is rounded: ``start < end``, and no end is later than the next start. None is
    extended beyond the end of the recording at ``duration_s``.
    """
    starts = _starts(cues, rules)
    last = round(duration_s * 1000)
    return [
        (start, _end(cue, start, following, rules, last))
        for cue, start, following in zip_longest(cues, starts, starts[1:])
    ]


def _starts(cues: Sequence[Sequence[Atom]], rules: SubtitleRules) -> list[int]:
    """Return ascending starts; of overlapping cues the later one waits for the first."""
    starts: list[int] = []
    earliest = 0
    for cue in cues:
        start = max(round(cue[0].start * 1000), earliest)
        starts.append(start)
        end = max(round(cue[-1].end * 1000), start + 1)
        earliest = min(end, start + max(1, round(rules.min_cue_duration_s * 1000)))
    return starts


def _end(
    cue: Sequence[Atom], start: int, following: int | None, rules: SubtitleRules, last: int
) -> int:
    longest = start + round(rules.max_cue_duration_s * 1000)
    needed_s = max(rules.min_cue_duration_s, line_width(cue) / rules.max_cps)
    end = max(round(cue[-1].end * 1000), start + 1)
    end = min(max(end, min(start + round(needed_s * 1000), last)), longest)
    if following is None:
        return end
    with_gap = following - round(rules.min_gap_s * 1000)
    shortest = start + max(1, round(rules.min_cue_duration_s * 1000))
    return min(end, with_gap if with_gap >= shortest else following)
