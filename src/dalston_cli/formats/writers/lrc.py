"""Lyrics with times, for music players; with highlighted words each word has a time of its own.

Reference:
    The LRC format as players read it: ``[mm:ss.xx]`` before a line, ``<mm:ss.xx>`` before a word.
"""

from collections.abc import Iterator, Sequence

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.overview import heading_of
from dalston_cli.formats.script import clean, joined
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.subtitles.atoms import Token
from dalston_cli.formats.subtitles.cues import Cue, build_cues
from dalston_sdk.wire import Transcript

_PAUSE_S = 2.0
"""A silence this long ends the line before it, by an empty line."""


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Return title and length, then a line per cue."""
    names = SpeakerNames.of(transcript, options)
    cues = build_cues(transcript, options.subtitles, names.get)
    title = _plain(heading_of(transcript))
    head = (f"[ti:{title}]", f"[length:{_time(transcript.recording.duration_s)}]", "[re:Dalston]")
    lines = _lines(cues, with_words=options.subtitles.highlight_words)
    return "\n".join((*head, "", *lines)) + "\n"


def _lines(cues: tuple[Cue, ...], *, with_words: bool) -> Iterator[str]:
    starts = [cue.start for cue in cues]
    for cue, following in zip(cues, [*starts[1:], float("inf")], strict=False):
        for text in _texts(cue, with_words=with_words):
            yield f"[{_time(cue.start)}]{text}"
        if following - cue.end >= _PAUSE_S:
            yield f"[{_time(cue.end)}]"


def _texts(cue: Cue, *, with_words: bool) -> tuple[str, ...]:
    """Return a cue's text in one line; of several speakers at once, each one's line."""
    if not with_words:
        lines = cue.text().split("\n")
        return tuple(map(_plain, lines)) if cue.speakers else (_plain(joined(lines)),)
    if cue.speakers:
        return tuple(map(_with_words, cue.lines))
    return (_with_words(cue.tokens),)


def _with_words(tokens: Sequence[Token]) -> str:
    return " ".join(f"<{_time(token.start)}>{_plain(token.text)}" for token in tokens)


def _plain(text: str) -> str:
    """Return one line in which nothing is read as a time."""
    return clean(text).translate(str.maketrans("[]<>", "()()"))


def _time(seconds: float) -> str:
    """Return ``mm:ss.xx``; a long recording has more digits of minutes, and no hours."""
    minutes, hundredths = divmod(max(0, round(seconds * 100)), 6_000)
    return f"{minutes:02d}:{hundredths // 100:02d}.{hundredths % 100:02d}"
