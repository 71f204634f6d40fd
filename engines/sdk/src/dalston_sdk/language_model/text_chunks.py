"""Splits a transcript into chunks, each with the text around it for context."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dalston_sdk.wire import Segment

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
    def ids(self) -> tuple[int, ...]:
        """The ids of its segments."""
        return tuple(segment.id for segment in self.segments)

    @property
    def duration_s(self) -> float:
        """Length of its speech."""
        return sum(segment.end - segment.start for segment in self.segments)

    def smaller(self) -> "tuple[Chunk, ...]":
        """Return the same segments in chunks with less text; none where there is no less."""
        middle = len(self.segments) // 2
        if not middle:
            alone = replace(self, before=(), after=())
            return () if alone == self else (alone,)
        first, second = self.segments[:middle], self.segments[middle:]
        before = (*self.before, *_texts(first))[-NUM_CONTEXT:]
        after = (*_texts(second), *self.after)[:NUM_CONTEXT]
        return (
            replace(self, segments=first, after=after),
            replace(self, segments=second, before=before),
        )


def split_segments(
    segments: Sequence[Segment], *, max_tokens: int, max_segments: int
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
