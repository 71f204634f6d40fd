"""Names of speakers in the names of their tracks, as the programs write them that record calls.

Reference:
    Zoom: ``audio`` + the name without spaces + the participant's number and that of the meeting,
    in a folder ``Audio Record``. Craig: ``NUMBER-user.flac``, earlier with ``_DISCRIMINATOR``, and
    an ``info.txt`` with ``Recording ID``, ``Start time:`` and ``Tracks:`` (CraigChat/craig,
    ``cook/recinfo.js``); its tracks all begin with the recording. Riverside: ``riverside_`` + the
    name + ``_raw-audio`` or the like + the studio's name and a number.
"""

import re
from datetime import date, datetime
from pathlib import PurePosixPath
from unicodedata import normalize

_ZOOM = re.compile(r"audio(?=[^\W\d_])(?!_?only)(.+?)_?\d{2,}", re.IGNORECASE)
_ZOOM_PLAIN = re.compile(r"audio(?=[A-Z])(.+)")
_CRAIG = re.compile(r"\d{1,3}-(.+?)(?:_(?:\d{4}|0))?")
_RIVERSIDE = re.compile(
    r"riverside_(.+?)(?:[_-](?:raw|compressed|constant|cfr|synced|audio|video|recording|track"
    r"|backup|internet|cloud)\b.*)?",
    re.IGNORECASE,
)
_WORDS = re.compile(r"(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")
_LONGEST = 80

_CRAIG_START = re.compile(r"^Start time:\s*(\S+)\s*$", re.MULTILINE)


def speaker_of(file: str) -> str:
    """Return the name of the speaker whose track a file is; its own name where it has no rule."""
    stem = normalize("NFC", PurePosixPath(file).stem.strip())  # macOS takes accents apart
    if (found := _ZOOM.fullmatch(stem)) or (found := _ZOOM_PLAIN.fullmatch(stem)):
        return _name(_WORDS.sub(" ", found[1]), stem)
    if (found := _CRAIG.fullmatch(stem)) or (found := _RIVERSIDE.fullmatch(stem)):
        return _name(found[1], stem)
    return _name(stem, stem)


def craigs_start(info: str) -> tuple[bool, str | None]:
    """Return True if a text is Craig's ``info.txt``, and the date and time of the recording."""
    if not info.startswith("Recording ") or "\nTracks:" not in info.replace("\r\n", "\n"):
        return False, None
    found = _CRAIG_START.search(info.replace("\r\n", "\n"))
    try:
        started = datetime.fromisoformat(found[1]) if found else None
    except ValueError:
        started = None
    if started is None or not date(1990, 1, 1) <= started.date():
        return True, None
    zone = "Z" if started.utcoffset() is not None and not started.utcoffset() else ""
    text = started.replace(tzinfo=None) if zone else started
    return True, f"{text.isoformat(timespec='seconds')}{zone}"


def _name(text: str, otherwise: str) -> str:
    """Return a name on one line, without control characters."""
    words = text.replace("_", " ").split()
    name = "".join(letter for letter in " ".join(words) if letter.isprintable()).strip(" -.")
    shown = "".join(letter for letter in otherwise if letter.isprintable())
    return (name or shown or "track")[:_LONGEST]
