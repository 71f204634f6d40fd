"""Cues as the packets of a container's subtitle codec."""

from collections.abc import Iterator
from html import escape

from dalston_cli.formats.look_alikes import OVERRIDES, OVERRIDES_AND_TAGS
from dalston_cli.formats.readers.cues import plain_lines
from dalston_cli.muxing.containers import SubtitleCodec
from dalston_cli.muxing.tracks import SubtitleTrack

ASS_HEADER = b"""\
[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, \
Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
"""The media library's encoder of MP4's subtitles takes lines of ASS, and asks for its styles."""


def texts_of(track: SubtitleTrack, codec: SubtitleCodec) -> Iterator[str]:
    """Yield each cue's text as the codec has it.

    Markup stays where the container has the file's own format. Elsewhere text is plain, and the
    voices of WebVTT become names before the first words after another's.
    """
    suffix = track.path.suffix.lower()
    if (codec, suffix) in {("subrip", ".srt"), ("webvtt", ".vtt")}:
        yield from (cue.text.strip("\n") for cue in track.cues)
        return
    last: str | None = None
    for cue in track.cues:
        lines = [line for line in plain_lines(cue.text) if line]
        if cue.speaker and cue.speaker != last and lines:
            lines[0] = f"{cue.speaker}: {lines[0]}"
        last = cue.speaker
        yield _written(lines, codec)


def _written(lines: list[str], codec: SubtitleCodec) -> str:
    match codec:
        case "webvtt":
            return "\n".join(escape(line, quote=False) for line in lines)
        case "subrip":
            return "\n".join(line.translate(OVERRIDES_AND_TAGS) for line in lines)
        case "mov_text":
            return r"\N".join(line.translate(OVERRIDES) for line in lines)
