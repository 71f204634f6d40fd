"""Comma-separated segments, for spreadsheets.

Spreadsheets may run a cell that begins with ``=``, ``+``, ``-`` or ``@`` as a formula; such text
gets an apostrophe in front, which marks text.

Reference:
    RFC 4180; OWASP, CSV Injection.
"""

import csv
import io

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.script import clean
from dalston_cli.formats.speakers import name_of
from dalston_sdk.wire import Segment, Transcript

COLUMNS = ("start", "end", "speaker", "channel", "language", "emotion", "confidence", "text")

_FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # full width too


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
        _inert(name_of(segment.speaker)) if segment.speaker else "",
        "" if segment.channel is None else str(segment.channel),
        _inert(segment.language or ""),
        _inert(segment.emotion.label) if segment.emotion else "",
        "" if segment.confidence is None else f"{segment.confidence:.3f}",
        _inert(clean(segment.text)),
    )


def _inert(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
