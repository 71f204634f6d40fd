"""The likeliest way of a text's letters through the frames, with memory that stays small.

The rule is whisperX's: in each frame the next letter is said, or the last one goes on, which costs
what silence costs. whisperX keeps a table of all letters by all frames, half a gigabyte for ten
minutes; here a few rows of it are kept and the rest is computed again on the way back.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BLOCK_FRAMES = 512

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Said:
    """When one letter is said.

    Attributes:
        frame: In which it begins.
        log_prob: How likely it is there, as a natural logarithm.
    """

    frame: int
    log_prob: float


class _Costs:
    """What each step costs in each frame, as log probabilities."""

    def __init__(
        self,
        log_probs: NDArray[np.float32],
        letters: Sequence[int],
        blank: int,
        open_ended: Collection[int],
    ) -> None:
        self._table = log_probs.astype(np.float64)
        self._columns = np.array(letters)
        self._blank = blank
        self._stays = np.array([blank, *(n if n in open_ended else blank for n in letters)])

    def enter(self, frame: int) -> Floats:
        """Of saying each letter; shape (num_letters,)."""
        found: Floats = self._table[frame, self._columns]
        return found

    def stay(self, frame: int) -> Floats:
        """Of going on after 0, 1, 2 … letters; shape (num_letters + 1,)."""
        silence = self._table[frame, self._blank]
        found: Floats = np.maximum(silence, self._table[frame, self._stays])
        return found


def find_path(
    log_probs: NDArray[np.float32],
    letters: Sequence[int],
    *,
    blank: int,
    open_ended: Collection[int] = (),
    check: Callable[[], None] = lambda: None,
) -> list[Said] | None:
    """When each letter is said, on the likeliest way through all of them.

    Args:
        log_probs: Shape (num_frames, num_columns), natural logarithms.
        letters: The column of each letter in turn; at least one.
        blank: The column of silence.
        open_ended: Columns that may go on for as long as they are likely, as a letter may not.
        check: Called now and then; may raise.

    Returns:
        One entry per letter, or None where there are more letters than frames.
    """
    frames = len(log_probs)
    if len(letters) > frames:
        return None
    costs = _Costs(log_probs, letters, blank, open_ended)
    score = np.full(len(letters) + 1, -np.inf)
    score[0] = 0.0
    kept: list[Floats] = []
    best, last = -np.inf, 0
    for frame in range(frames):
        if frame % _BLOCK_FRAMES == 0:
            check()
            kept.append(score)
        score, _ = _step(costs, frame, score)
        if score[-1] > best:
            best, last = float(score[-1]), frame
    return _back(costs, kept, last, len(letters))


def _step(costs: _Costs, frame: int, score: Floats) -> tuple[Floats, Flags]:
    """The scores after a frame, and in which of them a letter began in it."""
    new = score + costs.stay(frame)
    entered = score[:-1] + costs.enter(frame)
    began = entered > new[1:]
    new[1:] = np.where(began, entered, new[1:])
    return new, began


def _back(costs: _Costs, kept: list[Floats], last: int, letter: int) -> list[Said] | None:
    """From the end to the beginning; the flags of one block of frames at a time."""
    found: list[Said] = []
    for block in range(last // _BLOCK_FRAMES, -1, -1):
        first = block * _BLOCK_FRAMES
        score, flags = kept[block], []
        for frame in range(first, min(last + 1, first + _BLOCK_FRAMES)):
            score, began = _step(costs, frame, score)
            flags.append(np.packbits(began))
        for frame in range(first + len(flags) - 1, first - 1, -1):
            index = letter - 1
            if flags[frame - first][index // 8] & (128 >> index % 8):
                found.append(Said(frame=frame, log_prob=float(costs.enter(frame)[index])))
                letter = index
                if letter == 0:
                    return found[::-1]
    return None
