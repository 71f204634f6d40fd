"""The speakers of one chunk, independent of the library."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A speaker turn; seconds from the start of the chunk."""

    start: float
    end: float
    speaker: str


@dataclass(frozen=True, kw_only=True)
class ChunkTurns:
    """The speakers of one chunk.

    Attributes:
        turns: May overlap.
        exclusive_turns: The same with one speaker at a time.
        embeddings: One per speaker; none for a speaker with too little speech.
    """

    turns: tuple[Turn, ...]
    exclusive_turns: tuple[Turn, ...]
    embeddings: Mapping[str, NDArray[np.float64]]
