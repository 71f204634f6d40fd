"""Cells of a manifest: how each column is read, and what a column of the user's own may hold."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from dalston_cli.audio.channels import parse_channels
from dalston_cli.audio.clip import parse_clip
from dalston_cli.audio.tracks import parse_track
from dalston_cli.pipeline.request import Cell, SpeakerNames
from dalston_cli.settings.language import UnknownLanguageError, language_tag, listed
from dalston_cli.settings.values import named_speakers

_WHOLE = re.compile(r"(\d{1,9})(\.0+)?", re.ASCII)
"""Spreadsheets and data frames write 3.0 where another row has no number."""


class CellError(Exception):
    """A cell does not fit its column; the message says what would."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise CellError("text")
    return value.strip()


def _language(value: object) -> str:
    try:
        return language_tag(_text(value))
    except UnknownLanguageError as error:
        near = listed(error.nearest)
        raise CellError(f"the name or the code of a language; did you mean {near}?") from None


def _words(value: object) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise CellError("a comma list")
    return tuple(part.strip() for part in parts if part.strip())


def _names(value: object) -> SpeakerNames:
    if isinstance(value, dict):
        value = [f"{label}={name}" for label, name in value.items()]
    try:
        return tuple(named_speakers(_words(value)).items())
    except ValueError:
        raise CellError("names in order, or LABEL=NAME each") from None


def _count(value: object) -> int:
    match = _WHOLE.fullmatch(str(value).strip())
    if match is None or int(match[1]) == 0:
        raise CellError("a number from 1")
    return int(match[1])


def _parts(value: object) -> str:
    return ",".join(value if isinstance(value, list) and _are_texts(value) else [str(value)])


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(each, str) for each in values)


def check_text(value: object, *, is_path: bool) -> None:
    """Make sure that all text of a cell can be passed on; names of files may have any bytes.

    Raises:
        CellError: It has a character that no text has.
    """
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8", errors="surrogateescape" if is_path else "strict")
    except UnicodeEncodeError:
        raise CellError("text in UTF-8") from None


def own_cell(value: object) -> Cell:
    """Return what is kept of a column that is the user's own: text, a number, or yes and no."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return value
    return json.dumps(value, ensure_ascii=False)


READERS: Mapping[str, Callable[[Any], Any]] = {
    "model": _text,
    "language": _language,
    "initial_prompt": _text,
    "hotwords": _words,
    "num_speakers": _count,
    "min_speakers": _count,
    "max_speakers": _count,
    "speaker_names": _names,
    "channels": lambda value: parse_channels(str(value)),
    "audio_track": lambda value: parse_track(str(value)),
    "clip": lambda value: parse_clip(_parts(value)),
}
"""By column, but for ``path`` and ``output``."""
