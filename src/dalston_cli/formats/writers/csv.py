"""Comma-separated segments, for spreadsheets.

Reference:
    RFC 4180.
"""

import csv
import io

from dalston_cli.formats.inert import inert
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.script import clean
from dalston_cli.formats.speakers import name_of
from dalston_sdk.wire import Segment, Transcript

COLUMNS = ("start", "end", "speaker", "channel", "language", "emotion", "confidence", "text")


def render(transcript: Transcript, options: RenderOptions) -> str:  # noqa: ARG001 - the signature of a writer
    r"""Return a header, then one row per segment; times in seconds; lines end in ``\n``."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(segment) for segment in transcript.segments)
    return out.getvalue()


def _row(segment: Segment) -> tuple[str, ...]:
    return (
        f"{segment.start:.3f}",
        f"{segment.end:.3f}",
        inert(name_of(segment.speaker)) if segment.speaker else "",
        "" if segment.channel is None else str(segment.channel),
        inert(segment.language or ""),
        inert(segment.emotion.label) if segment.emotion else "",
        "" if segment.confidence is None else f"{segment.confidence:.3f}",
        inert(clean(segment.text)),
    )
