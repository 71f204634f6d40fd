"""Lyrics with times, for music players; with highlighted words each word has a time of its own.

Reference:
    The LRC format as players read it: ``[mm:ss.xx]`` before a line, ``<mm:ss.xx>`` before a word.
"""

from collections.abc import Iterator

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.script import clean, joined
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.subtitles.cues import Cue, build_cues
from dalston_sdk.wire import Transcript

_PAUSE_S = 2.0
"""A silence this long ends the line before it, by an empty line."""


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Return title and length, then a line per cue."""
    names = SpeakerNames.of(transcript, options)
    cues = build_cues(transcript, options.subtitles, names.get)
    title = _plain(transcript.title or transcript.recording.name)
    head = (f"[ti:{title}]", f"[length:{_time(transcript.recording.duration_s)}]", "[re:Dalston]")
    lines = _lines(cues, with_words=options.subtitles.highlight_words)
    return "\n".join((*head, "", *lines)) + "\n"


def _lines(cues: tuple[Cue, ...], *, with_words: bool) -> Iterator[str]:
    starts = [cue.start for cue in cues]
    for cue, following in zip(cues, [*starts[1:], float("inf")], strict=False):
        text = _with_words(cue) if with_words else _plain(joined(cue.text().split("\n")))
        yield f"[{_time(cue.start)}]{text}"
        if following - cue.end >= _PAUSE_S:
            yield f"[{_time(cue.end)}]"


def _with_words(cue: Cue) -> str:
    return " ".join(f"<{_time(token.start)}>{_plain(token.text)}" for token in cue.tokens)


def _plain(text: str) -> str:
    """Return one line in which nothing is read as a time."""
    return clean(text).translate(str.maketrans("[]<>", "()()"))


def _time(seconds: float) -> str:
    """Return ``mm:ss.xx``; a long recording has more digits of minutes, and no hours."""
    minutes, hundredths = divmod(max(0, round(seconds * 100)), 6_000)
    return f"{minutes:02d}:{hundredths // 100:02d}.{hundredths % 100:02d}"
