"""Forced alignment: the likeliest path of a text's tokens through the frames, in little memory.

The rule is whisperX's: in each frame the next token is emitted or the last one stays, which scores
as a blank does. whisperX keeps a trellis of all tokens by all frames, half a gigabyte for ten
minutes; here one row per block of frames is kept, and the others are computed again on the way
back.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BLOCK_FRAMES = 512

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class AlignedToken:
    """The start of one token.

    Attributes:
        frame: Its first frame.
        log_prob: Natural logarithm of its probability in that frame.
    """

    frame: int
    log_prob: float


class _Scores:
    """Scores of each step in each frame, as log probabilities."""

    def __init__(
        self,
        emissions: NDArray[np.float32],
        tokens: Sequence[int],
        blank: int,
        sustained: Collection[int],
    ) -> None:
        self._emissions = emissions.astype(np.float64)
        self._tokens = np.array(tokens)
        self._blank = blank
        self._stays = np.array([blank, *(n if n in sustained else blank for n in tokens)])

    def enter(self, frame: int) -> Floats:
        """Return the scores of emitting each token; shape (num_tokens,)."""
        found: Floats = self._emissions[frame, self._tokens]
        return found

    def stay(self, frame: int) -> Floats:
        """Return the scores of staying after 0, 1, 2 … tokens; shape (num_tokens + 1,)."""
        blank = self._emissions[frame, self._blank]
        found: Floats = np.maximum(blank, self._emissions[frame, self._stays])
        return found


def align_tokens(
    emissions: NDArray[np.float32],
    tokens: Sequence[int],
    *,
    blank: int,
    sustained: Collection[int] = (),
    check: Callable[[], None] = lambda: None,
) -> list[AlignedToken] | None:
    """Find the likeliest path through all tokens.

    Args:
        emissions: Shape (num_frames, num_columns), natural logarithms.
        tokens: The column of each token in turn; at least one.
        blank: The column of the blank.
        sustained: Columns of tokens that may stay for as long as they are likely.
        check: Called now and then; may raise.

    Returns:
        One entry per token, or None where there are more tokens than frames.
    """
    frames = len(emissions)
    if len(tokens) > frames:
        return None
    scores = _Scores(emissions, tokens, blank, sustained)
    row = np.full(len(tokens) + 1, -np.inf)
    row[0] = 0.0
    kept: list[Floats] = []
    best, last = -np.inf, 0
    for frame in range(frames):
        if frame % _BLOCK_FRAMES == 0:
            check()
            kept.append(row)
        row, _ = _step(scores, frame, row)
        if row[-1] > best:
            best, last = float(row[-1]), frame
    return _backtrack(scores, kept, last, len(tokens))


def _step(scores: _Scores, frame: int, row: Floats) -> tuple[Floats, Flags]:
    """Return the trellis row after a frame, and the tokens that are emitted in it."""
    new = row + scores.stay(frame)
    entered = row[:-1] + scores.enter(frame)
    emitted = entered > new[1:]
    new[1:] = np.where(emitted, entered, new[1:])
    return new, emitted


def _backtrack(
    scores: _Scores, kept: list[Floats], last: int, token: int
) -> list[AlignedToken] | None:
    """Follow the path from its end to its beginning, one block of frames at a time."""
    found: list[AlignedToken] = []
    for block in range(last // _BLOCK_FRAMES, -1, -1):
        first = block * _BLOCK_FRAMES
        row, flags = kept[block], []
        for frame in range(first, min(last + 1, first + _BLOCK_FRAMES)):
            row, emitted = _step(scores, frame, row)
            flags.append(np.packbits(emitted))
        for frame in range(first + len(flags) - 1, first - 1, -1):
            index = token - 1
            if flags[frame - first][index // 8] & (128 >> index % 8):
                log_prob = float(scores.enter(frame)[index])
                found.append(AlignedToken(frame=frame, log_prob=log_prob))
                token = index
                if token == 0:
                    return found[::-1]
    return None
