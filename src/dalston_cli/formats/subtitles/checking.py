"""Checks cues by a guideline."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dalston_cli.formats.readers.cues import Cue, plain_lines
from dalston_cli.formats.script import width
from dalston_cli.formats.subtitles.guidelines import Guideline

_ROUNDING_S = 0.0015
"""Times are written in milliseconds, and a limit is met if the nearest one does."""


_DASH = re.compile(r"[-\u2010\u2013] ?\w")
"""A speaker's beginning; a longer dash is one of a sentence."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A rule that a cue breaks.

    Attributes:
        cue: Its number, from 1.
        start: In seconds.
    """

    cue: int
    start: float
    rule: str
    message: str


def check_cues(cues: Sequence[Cue], guideline: Guideline) -> Iterator[Finding]:
    """Yield every rule that a cue breaks, in the order of the cues.

    Args:
        cues: In the order of the file.
        guideline: The limits.
    """
    end: float | None = None
    for number, cue in enumerate(cues, start=1):
        broken = (
            *_of_text(cue, guideline),
            *_of_time(cue, guideline),
            *_of_gap(cue, end, guideline),
        )
        for rule, message in broken:
            yield Finding(cue=number, start=cue.start, rule=rule, message=message)
        end = cue.end if end is None else max(end, cue.end)


def _lines(cue: Cue) -> tuple[str, ...]:
    try:
        return tuple(line for line in plain_lines(cue.text) if line)
    except ValueError:
        return (cue.text,)


def _of_text(cue: Cue, limits: Guideline) -> Iterator[tuple[str, str]]:
    lines = _lines(cue)
    if not lines:
        yield "empty", "it has no text"
    if len(lines) > limits.max_lines:
        yield "lines", f"{len(lines)} lines, at most {limits.max_lines}"
    if limits.has_dashes and len(lines) > 1 and sum(map(_is_dashed, lines)) == 1:
        yield "dash", "a dash begins one line only: of two speakers at once each has one"
    for place, line in enumerate(lines, start=1):
        if (columns := width(line)) > limits.max_columns:
            yield "width", f"line {place} has {columns} columns, at most {limits.max_columns}"


def _is_dashed(line: str) -> bool:
    return _DASH.match(line) is not None


def _of_time(cue: Cue, limits: Guideline) -> Iterator[tuple[str, str]]:
    duration = cue.end - cue.start
    if duration <= 0:
        yield "order", "it ends when it begins" if not duration else "it ends before it begins"
        return
    text = " ".join(_lines(cue))
    needed = (limits.min_word_s or 0.0) * len(text.split())
    shortest = max(limits.min_duration_s or 0.0, needed)
    if duration < shortest - _ROUNDING_S:
        yield "short", f"{duration:.3f} s, at least {shortest:.3f} s"
    if limits.max_duration_s is not None and duration > limits.max_duration_s + _ROUNDING_S:
        yield "long", f"{duration:.3f} s, at most {limits.max_duration_s:g} s"
    if limits.max_cps is not None and width(text) > limits.max_cps * (duration + _ROUNDING_S):
        yield "speed", f"{width(text) / duration:.1f} columns a second, at most {limits.max_cps:g}"


def _of_gap(cue: Cue, end: float | None, limits: Guideline) -> Iterator[tuple[str, str]]:
    """Yield what is wrong between a cue and the latest end before it."""
    if end is None:
        return
    gap = cue.start - end
    if gap < -_ROUNDING_S:
        yield "overlap", f"it begins {-gap:.3f} s before the end of a cue before it"
        return
    touches = limits.is_gap_optional and gap <= _ROUNDING_S
    if limits.min_gap_s is not None and gap < limits.min_gap_s - _ROUNDING_S and not touches:
        yield "gap", f"{gap:.3f} s after the last one, at least {limits.min_gap_s:g} s"
