"""Segment Time Marks: text with speaker, start and end, as a reference for scoring.

Reference:
    NIST SCTK, sclite: STM format (file, channel, speaker, begin time, end time, label, text).
"""

from dalston_cli.formats.nist import MIN_DURATION_S, channel_number, file_id, token
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.script import clean
from dalston_cli.formats.speakers import name_of
from dalston_sdk.wire import Segment, Transcript

_NO_SPEAKER = "unknown"


def render(transcript: Transcript, options: RenderOptions) -> str:  # noqa: ARG001 - the signature of a writer
    """Return one line per segment with text, by channel and start."""
    file = file_id(transcript.recording)
    spoken = (segment for segment in transcript.segments if clean(segment.text))
    rows = sorted(spoken, key=lambda segment: (channel_number(segment.channel), segment.start))
    return "".join(f"{file} {_fields(segment)}\n" for segment in rows)


def _fields(segment: Segment) -> str:
    speaker = token(name_of(segment.speaker)) if segment.speaker else _NO_SPEAKER
    end = max(segment.end, segment.start + MIN_DURATION_S)
    # A word in braces is a choice of several, and one in parentheses may be left out.
    text = clean(segment.text).translate(_NO_MARKUP)
    return (
        f"{channel_number(segment.channel)} {speaker} {segment.start:.3f} {end:.3f} {text}".rstrip()
    )


_NO_MARKUP = str.maketrans(dict.fromkeys("{}()<>", None))
