"""Cuts a transcript into pieces that are sent one by one, each with what is said around it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dalston_sdk.wire import Segment

MAX_TOKENS = 1500
"""Of text per chunk, about six minutes of speech: short enough that a bad answer costs little."""

MAX_SEGMENTS = 60
NUM_AROUND = 3
"""Segments before and after that are shown, and not to be answered."""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Segments that are sent together.

    Attributes:
        before, after: Text around them, for understanding only.
    """

    segments: tuple[Segment, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def duration_s(self) -> float:
        """Length of the speech in it."""
        return sum(segment.end - segment.start for segment in self.segments)


def cut(
    segments: Sequence[Segment], *, max_tokens: int = MAX_TOKENS, max_segments: int = MAX_SEGMENTS
) -> list[Chunk]:
    """Chunks of all segments that have text, in their order; a segment is never divided."""
    spoken = [segment for segment in segments if segment.text]
    chunks = []
    start = 0
    while start < len(spoken):
        end = _end(spoken[start : start + max_segments], max_tokens) + start
        chunks.append(
            Chunk(
                segments=tuple(spoken[start:end]),
                before=_texts(spoken[max(0, start - NUM_AROUND) : start]),
                after=_texts(spoken[end : end + NUM_AROUND]),
            )
        )
        start = end
    return chunks


def estimate_tokens(text: str) -> int:
    """About how many tokens a text is, rather too many: a third of its ASCII, twice the rest."""
    num_ascii = sum(character.isascii() for character in text)
    return math.ceil(num_ascii / 3) + 2 * (len(text) - num_ascii)


def _end(spoken: Sequence[Segment], max_tokens: int) -> int:
    """How many of them the chunk has that begins with the first: one at least."""
    tokens = 0
    for index, segment in enumerate(spoken):
        tokens += estimate_tokens(segment.text)
        if tokens > max_tokens and index:
            return index
    return len(spoken)


def _texts(segments: Sequence[Segment]) -> tuple[str, ...]:
    return tuple(segment.text for segment in segments)
