"""Conversation Time Marks: one word per line with onset, duration and confidence, for scoring.

Times that nobody measured would make a score worthless, so a transcript without words is refused
rather than guessed at.

Reference:
    NIST SCTK, sclite: CTM format (file, channel, begin time, duration, word, confidence).
"""

from dalston_cli.errors import UsageError
from dalston_cli.formats.nist import channel_number, file_id, onset_and_duration, token
from dalston_cli.formats.options import RenderOptions
from dalston_sdk.wire import Segment, Transcript, Word


class WordsMissingError(UsageError):
    """A format needs words, and the transcript has only segments."""

    code = "words_missing"

    def __init__(self, name: str, output_format: str) -> None:
        super().__init__(
            f"{output_format} needs the time of every word, and the transcript of {name} has "
            "times for segments only",
            hint=f"transcribe it again with --word-timestamps, or leave out -f {output_format}",
        )


def render(transcript: Transcript, options: RenderOptions) -> str:  # noqa: ARG001 - a writer's shape
    """Words by channel and begin time.

    Raises:
        WordsMissingError: A segment has text but no words.
    """
    if any(segment.text.strip() and not segment.words for segment in transcript.segments):
        raise WordsMissingError(transcript.recording.name, "ctm")
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
