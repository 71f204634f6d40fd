"""Turns the posteriors of a diarizer's speakers, frame by frame, into speaker turns."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from dalston_sdk.wire import SpeakerTurn

Posteriors = NDArray[np.float32]
"""Probability that a speaker is active: shape (num_frames, num_speakers), from 0 to 1."""

ONSET, OFFSET = 0.5, 0.5
"""A turn begins above the one and ends below the other."""
MIN_TURN_S = 0.16
"""Shorter turns are dropped."""
MIN_PAUSE_S = 0.24
"""Shorter pauses do not end a turn."""


def link_chunks(chunks: Sequence[Posteriors], *, num_shared: int) -> Posteriors:
    """Join the posteriors of overlapping chunks, with each speaker in one column throughout.

    The order of speakers differs between chunks. Columns of two chunks belong to the same speaker
    if they are active at the same time in the frames that both chunks have; in the middle of those
    frames one chunk takes over from the other.

    Args:
        chunks: All but the last of the same length.
        num_shared: Number of frames that two consecutive chunks share.
    """
    parts = [chunks[0]]
    before = chunks[0]
    for chunk in chunks[1:]:
        common = min(num_shared, len(before), len(chunk))
        agreement = before[-common:].T @ chunk[:common]
        order = max(
            permutations(range(chunk.shape[1])),
            key=lambda columns: sum(agreement[row, column] for row, column in enumerate(columns)),
        )
        before = chunk[:, list(order)]
        parts[-1] = parts[-1][: len(parts[-1]) - common // 2]
        parts.append(before[common - common // 2 :])
    return np.concatenate(parts)


def turns_of(posteriors: Posteriors, frame_s: float, duration_s: float) -> list[SpeakerTurn]:
    """Return turns in time order; speakers are numbered in the order of their first turns.

    Args:
        posteriors: Of each speaker in each frame.
        frame_s: Length of a frame in seconds.
        duration_s: Length of the recording; no turn ends after it.
    """
    found = [
        (round(start * frame_s, 3), round(min(end * frame_s, duration_s), 3), speaker, start, end)
        for speaker in range(posteriors.shape[1])
        for start, end in _spans(posteriors[:, speaker], frame_s)
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
            confidence=round(min(1.0, float(posteriors[first:last, speaker].mean())), 4),
        )
        for start, end, speaker, first, last in found
    ]


def _spans(posteriors: NDArray[np.float32], frame_s: float) -> list[tuple[int, int]]:
    """Return the frames at which one speaker's turns begin and end."""
    spans: list[tuple[int, int]] = []
    begun: int | None = None
    crossed = np.flatnonzero((posteriors > ONSET) | (posteriors < OFFSET))
    for frame in crossed.tolist():
        if begun is None and posteriors[frame] > ONSET:
            begun = frame
        elif begun is not None and posteriors[frame] < OFFSET:
            spans.append((begun, frame))
            begun = None
    if begun is not None:
        spans.append((begun, len(posteriors)))
    closed: list[tuple[int, int]] = []
    for start, end in spans:
        if closed and (start - closed[-1][1]) * frame_s < MIN_PAUSE_S:
            closed[-1] = closed[-1][0], end
        else:
            closed.append((start, end))
    return [span for span in closed if (span[1] - span[0]) * frame_s >= MIN_TURN_S]
