"""Fields of NIST's formats: names are one token each, without white space."""

from pathlib import PurePath

from dalston_cli.formats.script import clean
from dalston_sdk.wire import RecordingInfo

_COMMENT = ";;"
"""A line that begins so says nothing."""

MIN_DURATION_S = 0.001
"""The formats write three decimals; a shorter duration would become 0."""


def token(text: str) -> str:
    """Return ``text`` with underscores for white space; ``_`` for nothing."""
    return clean(text).replace(" ", "_") or "_"


def file_id(recording: RecordingInfo) -> str:
    """Return the recording's name without folders and suffix, as one token."""
    name = token(PurePath(recording.name).stem)
    return f"_{name}" if name.startswith(_COMMENT) else name


def channel_number(channel: int | None) -> int:
    """Return the channel counted from 1; the mix is 1."""
    return 1 if channel is None else channel + 1


def onset_and_duration(start: float, end: float) -> str:
    """Return ``onset duration`` in seconds with three decimals."""
    return f"{start:.3f} {max(end - start, MIN_DURATION_S):.3f}"
