"""The part of a recording that is wanted: ``--clip START-END``, or several parts."""

import re
from dataclasses import dataclass

from dalston_cli.errors import UsageError

_TIME = r"(?:(?:(\d{1,6}):)?(\d{1,2}):)?(\d{1,9}(?:\.\d{1,9})?)"
"""A recording of 31 years still has less than 10 digits of seconds."""
_CLIP = re.compile(rf"\s*(?:{_TIME})?\s*-\s*(?:{_TIME})?\s*", re.ASCII)

_MOST_SHOWN = 60


class InvalidClipError(UsageError):
    """``--clip`` cannot be understood, or asks for nothing."""

    code = "invalid_clip"

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(
            f"--clip {text[:_MOST_SHOWN]!r} {problem}",
            hint="write START-END in seconds or as [HOURS:]MINUTES:SECONDS, either side may be "
            "left out: --clip 90-120, --clip 1:30-2:00, --clip 00:01:30.5-, --clip=-30; several "
            "parts: --clip 0-30,90-120",
        )


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A part of a recording.

    Attributes:
        start: Seconds from the start of the recording, at least 0.
        end: Seconds, larger than ``start``; None for the end of the recording.
        gaps: Start and end, in seconds, of what lies between several parts: it becomes silence, so
            that times stay true and no stage finds anything there. In order, not touching.
    """

    start: float = 0.0
    end: float | None = None
    gaps: tuple[tuple[float, float], ...] = ()

    @property
    def parts(self) -> tuple[tuple[float, float | None], ...]:
        """Start and end of each part."""
        starts = (self.start, *(end for _, end in self.gaps))
        return tuple(zip(starts, (*(start for start, _ in self.gaps), self.end), strict=True))

    @property
    def key(self) -> tuple[object, ...]:
        """Return what results depend on."""
        return (self.start, self.end, self.gaps) if self.gaps else (self.start, self.end)

    def __str__(self) -> str:
        """Return the clip as ``parse_clip`` reads it."""
        return ",".join(
            f"{_plain(start)}-{'' if end is None else _plain(end)}" for start, end in self.parts
        )


def parse_clip(text: str) -> Clip:
    """Read ``90-120``, ``1:30-2:00``, ``00:01:30.5-``, ``-30`` (the first 30 s) or ``0-30,90-120``.

    Parts may be in any order, because times stay those of the recording; those that overlap or
    touch are joined.

    Raises:
        InvalidClipError: The text is not a clip, or a part ends before it starts.
    """
    first, *others = sorted(
        (_part(text, part) for part in text.split(",")), key=lambda part: part.start
    )
    gaps: list[tuple[float, float]] = []
    end = first.end
    for part in others:
        if end is None:  # the rest lies within
            break
        if part.start > end:
            gaps.append((end, part.start))
        end = None if part.end is None else max(end, part.end)
    return Clip(start=first.start, end=end, gaps=tuple(gaps))


def _part(text: str, part: str) -> Clip:
    match = _CLIP.fullmatch(part)
    if match is None or not any(match.groups()):
        raise InvalidClipError(text, "is not a part of a recording")
    fields = match.groups()
    start = _seconds(text, fields[:3]) or 0.0
    end = _seconds(text, fields[3:])
    if end is not None and end <= start:
        raise InvalidClipError(text, "ends before it starts")
    return Clip(start=start, end=end)


def _plain(seconds: float) -> str:
    """Format seconds to the microsecond, without an exponent."""
    return f"{seconds:.6f}".rstrip("0").rstrip(".")


def _seconds(text: str, fields: tuple[str | None, ...]) -> float | None:
    """Add up hours, minutes and seconds; return None where nothing was written."""
    hours, minutes, seconds = fields
    if seconds is None:
        return None
    if minutes is not None and float(seconds) >= 60:  # noqa: PLR2004 - seconds in a minute
        raise InvalidClipError(text, "has 60 or more seconds after the minutes")
    if hours is not None and int(minutes or 0) >= 60:  # noqa: PLR2004 - minutes in an hour
        raise InvalidClipError(text, "has 60 or more minutes after the hours")
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)


def wanted_part(duration_s: float, clip: Clip | None) -> float:
    """Return the seconds of a recording that a clip leaves of it."""
    if clip is None:
        return duration_s
    end = duration_s if clip.end is None else min(clip.end, duration_s)
    return max(0.0, end - clip.start)
