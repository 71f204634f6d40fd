"""Conversation Time Marks: one word per line with onset, duration and confidence, for scoring.

Estimated times would make a score worthless, so the format needs measured times of words.

Reference:
    NIST SCTK, sclite: CTM format (file, channel, begin time, duration, word, confidence).
"""

from dalston_cli.formats.nist import channel_number, file_id, onset_and_duration, token
from dalston_cli.formats.options import RenderOptions
from dalston_sdk.wire import Segment, Transcript, Word


def render(transcript: Transcript, options: RenderOptions) -> str:  # noqa: ARG001 - the signature of a writer
    """Return the words by channel and start."""
    file = file_id(transcript.recording)
    rows = sorted(
        (
            (channel_number(segment.channel), word)
            for segment in transcript.segments
            for word in _spoken(segment)
        ),
        key=lambda row: (row[0], row[1].start),
    )
    return "".join(f"{file} {channel} {_fields(word)}\n" for channel, word in rows)


def _spoken(segment: Segment) -> tuple[Word, ...]:
    return tuple(word for word in segment.words if word.text.strip())


def _fields(word: Word) -> str:
    fields = f"{onset_and_duration(word.start, word.end)} {token(word.text)}"
    return fields if word.confidence is None else f"{fields} {word.confidence:.3f}"
