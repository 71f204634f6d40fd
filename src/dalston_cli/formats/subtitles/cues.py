"""A transcript's cues: times, speaker and lines."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise, zip_longest

from msgspec import Struct

from dalston_cli.formats.subtitles.atoms import Atom, Token, atoms_of, split_where
from dalston_cli.formats.subtitles.breaking import break_cues
from dalston_cli.formats.subtitles.crosstalk import join_crosstalk
from dalston_cli.formats.subtitles.drafts import Draft, SpeakerName, Voice, single
from dalston_cli.formats.subtitles.places import places
from dalston_cli.formats.subtitles.rules import SubtitleRules
from dalston_sdk.wire import Segment, Transcript

_PAUSE_S = 1.0
"""A silence this long is never inside a cue."""


class Cue(Struct, frozen=True, kw_only=True):
    """Text that is shown for a time.

    Attributes:
        start, end: Seconds, whole milliseconds.
        speaker: One label; None for several speakers at once.
        lines: Tokens by line.
        speakers: The label of each line where several speak at once; else empty.
    """

    start: float
    end: float
    speaker: str | None
    lines: tuple[tuple[Token, ...], ...]
    speakers: tuple[str | None, ...] = ()

    @property
    def tokens(self) -> tuple[Token, ...]:
        """All lines' tokens, in the order in which they are said."""
        tokens = tuple(token for line in self.lines for token in line)
        return tuple(sorted(tokens, key=lambda one: one.start)) if self.speakers else tokens

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
    duration_s = _duration(transcript)
    drafts = _in_order(_drafts(transcript, rules, label, duration_s))
    if label:
        drafts = _in_order(_named_again(drafts, rules, label, duration_s))
    joined = join_crosstalk(drafts, rules, label, duration_s=duration_s)
    if label and any(len(draft.voices) > 1 for draft in joined):
        joined = _in_order(_named_again(joined, rules, label, duration_s))
    shown = places(joined, rules, duration_s=duration_s)
    return tuple(
        _cue(draft, rules, start=start / 1000, end=end / 1000)
        for draft, (start, end) in zip(joined, shown, strict=True)
    )


def _cue(draft: Draft, rules: SubtitleRules, *, start: float, end: float) -> Cue:
    lines = draft.lines(rules)
    return Cue(
        start=start,
        end=end,
        speaker=draft.speaker,
        lines=tuple(tuple(token for atom in line for token in atom.tokens) for line, _ in lines),
        speakers=tuple(speaker for _, speaker in lines) if len(draft.voices) > 1 else (),
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
    return sorted(drafts, key=lambda draft: draft.start)


def _drafts(
    transcript: Transcript, rules: SubtitleRules, label: SpeakerName | None, duration_s: float
) -> Iterator[Draft]:
    """Yield the cues of each speaker's consecutive segments."""
    labelled: str | None = None
    voices = tuple(_voices(transcript, rules))
    starts = sorted(voice.start for voice in voices)
    for said in voices:
        following = bisect_left(starts, said.end)
        until_s = starts[following] if following < len(starts) else duration_s
        name = label(said.speaker) if label else None
        named = said.named(name) if name and name != labelled else said
        labelled = name
        for cue in break_cues(named.atoms, rules, until_s=until_s):
            yield single(cue, said.speaker)


def _voices(transcript: Transcript, rules: SubtitleRules) -> Iterator[Voice]:
    """Yield what one speaker says without a long pause."""
    for group in split_where(transcript.segments, _is_other_voice):
        for run in split_where(atoms_of(group, longest=rules.max_line_width // 2), _pauses):
            yield Voice(run, group[0].speaker)


def _named_again(
    drafts: Sequence[Draft], rules: SubtitleRules, label: SpeakerName, duration_s: float
) -> Iterator[Draft]:
    """Yield cues in order, named again after another speaker interrupted theirs."""
    last: str | None = None
    for draft, following in zip_longest(drafts, drafts[1:]):
        if len(draft.voices) > 1:
            last = None
            yield draft
            continue
        [voice] = draft.voices
        name = label(voice.speaker)
        if name and name != last and not voice.atoms[0].is_label:
            until_s = following.start if following else duration_s
            parts = break_cues(voice.named(name).atoms, rules, until_s=until_s)
            yield from (single(part, voice.speaker) for part in parts)
        else:
            yield draft
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
