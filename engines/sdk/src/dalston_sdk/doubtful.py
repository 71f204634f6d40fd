"""Text that cannot have been said: in silence, or faster than a person can speak.

Recognisers write whole phrases for a click or a breath. Such text is marked with the reason; what
becomes of it is for the caller to decide.
"""

import math
from collections.abc import Iterator, Sequence
from unicodedata import east_asian_width

import msgspec
import numpy as np
import numpy.typing as npt

from dalston_sdk.engine import Samples
from dalston_sdk.levels import frame_levels
from dalston_sdk.wire import Segment

_FRAME_S = 0.01
_SPREAD_FRAMES = 5
"""Frames around sound that count as sound: a stop before a word, the end of a fading vowel."""

_ABOVE_NOISE_DB, _BELOW_LOUDEST_DB, _SILENCE_DB = 3.0, 25.0, -85.0
_QUIET = 10
"""Percentile of the levels of a recording's frames that is its noise."""

_PAUSE_S = 1.5
"""Text on both sides of a longer pause is judged apart."""

_MARGIN_S = 0.5
"""Times of words may be off by so much."""

_MIN_SOUND_S = 0.1
_SHORT_S, _MOST_IN_SHORT, _MOST = 0.5, 18.0, 30.0
"""Letters per second that are possible in a short sound, and in any other."""

_LETTERS_PER_WIDE = 2.5
"""Letters that a character of Chinese, Japanese or Korean counts as."""


def marked(segments: Sequence[Segment], samples: Samples) -> tuple[Segment, ...]:
    """Return the segments, with a reason in ``doubtful`` where the text cannot have been said.

    A segment of which only some words are doubtful is split; segments are numbered from 0.

    Args:
        segments: In time order.
        samples: float32, shape (num_samples,), 16 kHz, in [-1, 1].
    """
    if not segments:
        return ()
    pieces = [piece for segment in segments for piece in _apart(segment)]
    groups = list(_groups(pieces))
    sound = _sound(samples)
    found: list[Segment] = []
    for index, group in enumerate(groups):
        earliest = groups[index - 1][-1].end if index else 0.0
        latest = groups[index + 1][0].start if index + 1 < len(groups) else math.inf
        found += _judged(group, sound, earliest, latest)
    return _numbered(segments, found)


def _numbered(segments: Sequence[Segment], found: Sequence[Segment]) -> tuple[Segment, ...]:
    """Put segments together again that were taken apart and are not doubtful."""
    joined: list[Segment] = []
    parts_of: dict[int, list[Segment]] = {}
    for part in found:
        parts_of.setdefault(part.id, []).append(part)
    for segment in segments:
        parts = parts_of[segment.id]
        if len({each.doubtful is None for each in parts}) == 1:
            parts = [msgspec.structs.replace(segment, doubtful=parts[0].doubtful)]
        joined += parts
    return tuple(msgspec.structs.replace(each, id=number) for number, each in enumerate(joined))


def _apart(segment: Segment) -> Iterator[Segment]:
    """Yield a segment's parts between long pauses."""
    first = 0
    words = segment.words
    for index in range(1, len(words) + 1):
        if index < len(words) and words[index].start - words[index - 1].end < _PAUSE_S:
            continue
        part = words[first:index]
        whole = len(part) == len(words)
        yield (
            segment
            if whole
            else msgspec.structs.replace(
                segment,
                start=part[0].start,
                end=part[-1].end,
                text="".join(word.text for word in part).strip(),
                words=part,
            )
        )
        first = index
    if not words:
        yield segment


def _groups(pieces: Sequence[Segment]) -> Iterator[list[Segment]]:
    """Yield runs of text without a long pause."""
    group: list[Segment] = []
    for piece in pieces:
        if group and piece.start - group[-1].end >= _PAUSE_S:
            yield group
            group = []
        group.append(piece)
    yield group


def _judged(
    group: Sequence[Segment], sound: npt.NDArray[np.bool_], earliest: float, latest: float
) -> list[Segment]:
    """Return a group with reasons; text that cannot have been said does not cost the rest.

    Times within a group may be wrong, so that a piece is judged by itself only where the group as a
    whole cannot have been said.
    """

    def why(pieces: Sequence[Segment]) -> str | None:
        start = max(earliest, pieces[0].start - _MARGIN_S)
        end = min(latest, max(each.end for each in pieces) + _MARGIN_S)
        return _reason(pieces, _seconds(sound, start, end))

    reasons = [why(group)] * len(group)
    if reasons[0] is not None:
        own = [why([piece]) for piece in group]
        rest = [piece for piece, reason in zip(group, own, strict=True) if reason is None]
        if rest and why(rest) is None:
            reasons = own
    return [
        msgspec.structs.replace(piece, doubtful=reason)
        for piece, reason in zip(group, reasons, strict=True)
    ]


def _reason(group: Sequence[Segment], sound_s: float) -> str | None:
    """Return why the text cannot have been said; None if it can."""
    letters = sum(_letters(piece.text) for piece in group)
    if not letters:
        return None
    if not sound_s:
        return "there is no sound"
    if sound_s < _MIN_SOUND_S:
        return f"{sound_s:.2f} s of sound are too short for speech"
    most = _MOST_IN_SHORT if sound_s < _SHORT_S else _MOST
    if letters <= most * sound_s:
        return None
    return (
        f"{letters / sound_s:.0f} characters per second are more than a person can say"
        f" ({sound_s:.2f} s of sound)"
    )


def _letters(text: str) -> float:
    return sum(
        _LETTERS_PER_WIDE if east_asian_width(each) in "WF" else 1.0
        for each in text
        if each.isalnum()
    )


def _sound(samples: Samples) -> npt.NDArray[np.bool_]:
    """Return True for each frame with sound, by what the recording's own noise is."""
    levels = frame_levels(samples, _FRAME_S)
    if not len(levels):
        return np.zeros(0, np.bool_)
    noise = float(np.percentile(levels, _QUIET)) + _ABOVE_NOISE_DB
    limit = max(_SILENCE_DB, min(noise, float(levels.max()) - _BELOW_LOUDEST_DB))
    loud = (levels > limit).astype(np.int8)
    spread = np.convolve(loud, np.ones(2 * _SPREAD_FRAMES + 1, np.int8), mode="same")
    return np.asarray(spread[: len(loud)] > 0)


def _seconds(sound: npt.NDArray[np.bool_], start: float, end: float) -> float:
    first, last = round(start / _FRAME_S), round(min(end / _FRAME_S, len(sound)))
    return float(np.count_nonzero(sound[first:last]) * _FRAME_S)
