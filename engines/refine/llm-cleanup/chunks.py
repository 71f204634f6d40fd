"""Splits a transcript into chunks, each with the text around it for context."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dalston_sdk.wire import Segment

MAX_TOKENS = 1500
"""Tokens of text per chunk, about six minutes of speech: a bad answer costs no more than that."""

MAX_SEGMENTS = 60
NUM_CONTEXT = 3
"""Segments before and after a chunk that are shown for context."""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Segments that go into one prompt.

    Attributes:
        segments: The segments.
        before, after: Text around them, for context only.
    """

    segments: tuple[Segment, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def duration_s(self) -> float:
        """Length of its speech."""
        return sum(segment.end - segment.start for segment in self.segments)


def split_segments(
    segments: Sequence[Segment], *, max_tokens: int = MAX_TOKENS, max_segments: int = MAX_SEGMENTS
) -> list[Chunk]:
    """Split the segments that have text into chunks; a segment is never split."""
    with_text = [segment for segment in segments if segment.text]
    chunks = []
    start = 0
    while start < len(with_text):
        end = _end(with_text[start : start + max_segments], max_tokens) + start
        chunks.append(
            Chunk(
                segments=tuple(with_text[start:end]),
                before=_texts(with_text[max(0, start - NUM_CONTEXT) : start]),
                after=_texts(with_text[end : end + NUM_CONTEXT]),
            )
        )
        start = end
    return chunks


def estimate_tokens(text: str) -> int:
    """Estimate a text's tokens, rather high: a third per ASCII character, two per other one."""
    num_ascii = sum(character.isascii() for character in text)
    return math.ceil(num_ascii / 3) + 2 * (len(text) - num_ascii)


def _end(segments: Sequence[Segment], max_tokens: int) -> int:
    """Return the number of segments in the chunk that begins with the first; at least one."""
    tokens = 0
    for index, segment in enumerate(segments):
        tokens += estimate_tokens(segment.text)
        if tokens > max_tokens and index:
            return index
    return len(segments)


def _texts(segments: Sequence[Segment]) -> tuple[str, ...]:
    return tuple(segment.text for segment in segments)
