"""Timecodes of video: hours, minutes, seconds and frames, none dropped.

Reference:
    SMPTE ST 12-1, Time and Control Code.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

_FORM = re.compile(r"(\d{1,2}):([0-5]\d):([0-5]\d)[:;.](\d{2})")
FRAME_RATES: Mapping[str, Fraction] = MappingProxyType(
    {
        "23.976": Fraction(24000, 1001),
        "24": Fraction(24),
        "25": Fraction(25),
        "29.97": Fraction(30000, 1001),
        "30": Fraction(30),
        "50": Fraction(50),
        "59.94": Fraction(60000, 1001),
        "60": Fraction(60),
    }
)
"""Frames a second by the name that people give them."""

Timecode = tuple[int, int, int, int]


def parse_timecode(text: str) -> Timecode:
    """Return the parts of ``HH:MM:SS:FF``.

    Raises:
        ValueError: It is none.
    """
    match = _FORM.fullmatch(text)
    if match is None or int(match[1]) > 23:  # noqa: PLR2004 - the last hour of a day
        raise ValueError("write HH:MM:SS:FF, such as 10:00:00:00")
    hours, minutes, seconds, frames = map(int, match.groups())
    return hours, minutes, seconds, frames


def frames_of(parts: Timecode, rate: Fraction) -> int:
    """Return the number of the frame that a timecode counts."""
    hours, minutes, seconds, frames = parts
    return ((hours * 60 + minutes) * 60 + seconds) * whole(rate) + frames


def timecode(frame: int, rate: Fraction) -> Timecode:
    """Return the timecode of a frame; it begins again after a day."""
    seconds, frames = divmod(frame, whole(rate))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return hours % 24, minutes, seconds, frames


def whole(rate: Fraction) -> int:
    """Return the frames that a timecode counts in a second."""
    return round(rate)
