"""Title, date and chapters that a recording's file has in its metadata, made fit for transcripts.

They were written by any program, or by the sender of a file: they are text for people, and nothing
is decided by them.

Reference:
    EBU Tech 3285 (``bext``: origination date and time), QuickTime File Format
    (``com.apple.quicktime.creationdate``, ``mvhd``), Matroska (``DateUTC``, ``DATE_RECORDED``),
    ID3v2.4 (``TDRC``) and ID3v2 Chapter Frame Addendum, as FFmpeg's library names them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct

from dalston_cli.control_characters import without_controls
from dalston_sdk.wire import Chapter, DateOrigin, RecordingDate

if TYPE_CHECKING:
    from av.container.core import Chapter as FileChapter

_LONGEST = 300
"""Letters of a title; what is longer is no title, and is cut."""
_MOST_CHAPTERS = 1000

_DATE_TAGS: tuple[tuple[str, DateOrigin], ...] = (
    ("com.apple.quicktime.creationdate", "quicktime"),
    ("date_recorded", "tags"),
    ("creation_time", "container"),
    ("date", "tags"),
)
"""Names of tags that have a date, and what they are a part of; the first that has one counts."""

_OF_BEXT = "time_reference"
"""Is there if there is a ``bext`` chunk, of which the library calls the two parts of the time at
which it was begun ``date`` and ``creation_time``."""

_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?!\d)", re.ASCII)
_TIME = re.compile(
    r"[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII | re.IGNORECASE
)
_EARLIEST = date(1900, 1, 1)
_NO_DATES = frozenset(
    day + timedelta(days=late)
    for day in (date(1601, 1, 1), date(1904, 1, 1), date(1970, 1, 1), date(1980, 1, 1))
    for late in (-1, 0)
)
"""Zeros of clocks that were never set, and the day before, in zones west of Greenwich."""


class FileTags(Struct, frozen=True, kw_only=True):
    """What a file says about itself.

    Attributes:
        title: One line; None where there is none.
        recorded: The date of the recording.
        chapters: In order, none empty; the last ends where it says, or never.
    """

    title: str | None = None
    recorded: RecordingDate | None = None
    chapters: tuple[Chapter, ...] = ()


def file_tags(
    metadata: Sequence[Mapping[str, str]],
    chapters: "Sequence[FileChapter]",
    origin: Fraction = Fraction(0),
    today: date | None = None,
) -> FileTags:
    """Return what can be used of a file's metadata.

    Args:
        metadata: Of the container, then of the audio; of a tag in both, the first counts.
        chapters: As the media library reads them, on the container's clock.
        origin: Seconds on that clock at which the recording starts.
        today: Later dates are none; None for the day it is.
    """
    tags: dict[str, str] = {}
    for one in metadata:
        for name, value in one.items():
            tags.setdefault(name.lower(), value)
    latest = (today or datetime.now(UTC).date()) + timedelta(days=1)  # it is tomorrow somewhere
    return FileTags(
        title=_line(tags.get("title", "")) or None,
        recorded=_recorded(tags, latest),
        chapters=tuple(_chapters(chapters, origin)),
    )


def within(chapters: Sequence[Chapter], start: float, end: float) -> Iterator[Chapter]:
    """Yield the chapters of a part of a recording, cut to it."""
    for chapter in chapters:
        first, last = max(chapter.start, start), min(chapter.end, end)
        if first < last:
            yield Chapter(start=round(first, 3), end=round(last, 3), title=chapter.title)


def _recorded(tags: Mapping[str, str], latest: date) -> RecordingDate | None:
    if _OF_BEXT in tags and (found := _iso(f"{tags.get('date')}T{_bext_time(tags)}", latest)):
        return RecordingDate(at=found, source="bext")
    for name, source in _DATE_TAGS:
        if found := _iso(tags.get(name, ""), latest):
            return RecordingDate(at=found, source=source)
    return None


def _bext_time(tags: Mapping[str, str]) -> str:
    """Return the time of origination, which other signs than colons may divide."""
    return re.sub(r"[-._ ]", ":", tags.get("creation_time", "").strip())


def _iso(text: str, latest: date) -> str | None:
    """Return a date, or date and time, as ISO 8601 has it; None where there is no whole day."""
    day = _DAY.match(text.strip())
    if day is None:
        return None
    try:
        whole = date(*(int(each) for each in day.groups()))
    except ValueError:
        return None
    if not _EARLIEST <= whole <= latest or whole in _NO_DATES:
        return None
    time = _TIME.match(text.strip(), day.end())
    shown = whole.isoformat()
    if time is None:
        return shown
    zone = (time[4] or "").upper()
    if len(zone) == len("+0100"):
        zone = f"{zone[:3]}:{zone[3:]}"
    try:
        datetime.fromisoformat(said := f"{shown}T{time[1]}:{time[2]}:{time[3] or '00'}{zone}")
    except ValueError:
        return shown
    return said


def _chapters(chapters: "Sequence[FileChapter]", origin: Fraction) -> Iterator[Chapter]:
    """Yield chapters in order: each ends where the next one begins, if not before."""
    timed = [
        (each["start"] * base - origin, each["end"] * base - origin, each["metadata"])
        for each in chapters
        if (base := each["time_base"])
    ]
    timed.sort(key=lambda each: each[0])
    titles: dict[float, tuple[float, str]] = {}
    for first, last, metadata in timed[:_MOST_CHAPTERS]:
        start, end = (round(max(0.0, float(edge)), 3) for edge in (first, last))
        titles.setdefault(start, (end, _line(metadata.get("title", ""))))
    if not any(title for _, title in titles.values()) and len(titles) == 1:
        return  # one without a name: all of the recording
    starts = [*titles, float("inf")]
    for number, (start, (end, title)) in enumerate(titles.items(), 1):
        following = starts[number]
        until = min(end, following) if end > start else following
        if until == float("inf"):
            until = start + _ENDLESS_S
        yield Chapter(start=start, end=until, title=title or f"Chapter {number}")


_ENDLESS_S = 1e6
"""Length of a last chapter that has no end; it is cut to the recording."""


def _line(text: str) -> str:
    """Return one line that fits: no control characters, white space as single spaces."""
    line = " ".join(without_controls(text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
