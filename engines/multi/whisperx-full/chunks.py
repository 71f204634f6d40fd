"""Chunks of speech, each of which goes through the model at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from options import Decoding

from dalston_sdk.engine import SAMPLE_RATE, Samples


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Neighbouring regions of speech that go through the model at once.

    Attributes:
        start, end: Seconds, with some of the silence around them.
    """

    start: float
    end: float


def chunk_samples(samples: Samples, chunk: Chunk) -> Samples:
    """Return a chunk's samples."""
    return samples[round(chunk.start * SAMPLE_RATE) : round(chunk.end * SAMPLE_RATE)]


def pad_chunks(
    merged: Sequence[Mapping[str, Any]], decoding: Decoding, duration_s: float
) -> list[Chunk]:
    """Extend the library's chunks into the silence around them, without overlaps.

    Voice activity detection is late at the first sound: without padding a short first word is lost.
    """
    chunks: list[Chunk] = []
    for index, chunk in enumerate(merged):
        before = merged[index - 1]["end"] if index else None
        after = merged[index + 1]["start"] if index + 1 < len(merged) else None
        low = 0.0 if before is None else (before + chunk["start"]) / 2
        high = duration_s if after is None else (chunk["end"] + after) / 2
        start = round(max(low, chunk["start"] - decoding.pad_s, 0.0), 3)
        end = round(min(high, chunk["end"] + decoding.pad_s, duration_s), 3)
        chunks += _split(start, end, decoding.chunk_s)
    return chunks


def _split(start: float, end: float, max_s: float) -> Iterator[Chunk]:
    """Split a chunk that became too long by its padding into equal chunks."""
    count = max(1, -(-round((end - start) * 1000) // round(max_s * 1000)))
    for part in range(count):
        low = start + (end - start) * part / count
        high = start + (end - start) * (part + 1) / count
        if round(low, 3) < round(high, 3):
            yield Chunk(start=round(low, 3), end=round(high, 3))
