"""Speaker turns from how likely each speaker speaks, frame by frame."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from dalston_sdk.wire import SpeakerTurn

Chances = NDArray[np.float32]
"""Shape (num_frames, num_speakers), from 0 to 1."""

ONSET, OFFSET = 0.5, 0.5
"""A turn begins above the one and ends below the other."""
LEAST_TURN_S = 0.16
LEAST_PAUSE_S = 0.24
"""Shorter pauses do not end a turn, and shorter turns are nobody's."""


def linked(windows: Sequence[Chances], *, shared: int) -> Chances:
    """Windows put together, with the same speaker in the same place all the way.

    Each window names its speakers anew. Those of two windows are the same who speak at the same
    time in what both have heard; in the middle of that one window takes over from the other.

    Args:
        windows: Each but the last of the same length.
        shared: How many frames two windows that follow each other share.
    """
    whole = [windows[0]]
    before = windows[0]
    for window in windows[1:]:
        common = min(shared, len(before), len(window))
        agreement = before[-common:].T @ window[:common]
        order = max(
            permutations(range(window.shape[1])),
            key=lambda places: sum(agreement[index, place] for index, place in enumerate(places)),
        )
        before = window[:, list(order)]
        whole[-1] = whole[-1][: len(whole[-1]) - common // 2]
        whole.append(before[common - common // 2 :])
    return np.concatenate(whole)


def turns_of(chances: Chances, frame_s: float, duration_s: float) -> list[SpeakerTurn]:
    """Turns in time order; speakers are numbered as they come in.

    Args:
        chances: Of each speaker in each frame.
        frame_s: The length of a frame in seconds.
        duration_s: The length of the recording; no turn ends after it.
    """
    found = [
        (round(start * frame_s, 3), round(min(end * frame_s, duration_s), 3), speaker, start, end)
        for speaker in range(chances.shape[1])
        for start, end in _spans(chances[:, speaker], frame_s)
    ]
    found = sorted(turn for turn in found if turn[0] < turn[1])
    names: dict[int, str] = {}
    for turn in found:
        names.setdefault(turn[2], f"SPEAKER_{len(names):02}")
    return [
        SpeakerTurn(
            start=start,
            end=end,
            speaker=names[speaker],
            confidence=round(min(1.0, float(chances[first:last, speaker].mean())), 4),
        )
        for start, end, speaker, first, last in found
    ]


def _spans(chances: NDArray[np.float32], frame_s: float) -> list[tuple[int, int]]:
    """Frames at which one speaker begins and ends, small gaps closed, small turns dropped."""
    spans: list[tuple[int, int]] = []
    begun: int | None = None
    crossed = np.flatnonzero((chances > ONSET) | (chances < OFFSET))
    for frame in crossed.tolist():
        if begun is None and chances[frame] > ONSET:
            begun = frame
        elif begun is not None and chances[frame] < OFFSET:
            spans.append((begun, frame))
            begun = None
    if begun is not None:
        spans.append((begun, len(chances)))
    closed: list[tuple[int, int]] = []
    for start, end in spans:
        if closed and (start - closed[-1][1]) * frame_s < LEAST_PAUSE_S:
            closed[-1] = closed[-1][0], end
        else:
            closed.append((start, end))
    return [span for span in closed if (span[1] - span[0]) * frame_s >= LEAST_TURN_S]
