"""Finds JSON files in folders that may be transcripts, and the corrections beside them."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.file_state import FileState
from dalston_cli.review.naming import SUFFIX as CORRECTIONS_SUFFIX

SUFFIX = ".json"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that may be a transcript, and the state of its corrections where it has some."""

    path: Path
    state: FileState
    corrections: FileState | None


def found_files(folder: Path, tell: Tell) -> Iterator[FoundFile]:
    """Yield every JSON file below a folder, in the order of names; its own files come first.

    Hidden files and folders are passed over, and links to folders are not followed.

    Args:
        folder: Where to look.
        tell: Takes a message about each folder that cannot be read.
    """
    try:
        with os.scandir(folder) as scan:
            entries = sorted(
                (each for each in scan if not each.name.startswith(".")), key=lambda one: one.name
            )
    except OSError as error:
        tell(f"{folder} cannot be read: {error.strerror or error}")
        return
    corrections = {each.name: each for each in entries if each.name.endswith(CORRECTIONS_SUFFIX)}
    for each in entries:
        if each.name.endswith(SUFFIX) and (state := _state(each)):
            beside = corrections.get(each.name.removesuffix(SUFFIX) + CORRECTIONS_SUFFIX)
            yield FoundFile(Path(each.path), state, _state(beside) if beside else None)
    for each in entries:
        if each.is_dir(follow_symlinks=False):
            yield from found_files(Path(each.path), tell)


def _state(entry: "os.DirEntry[str]") -> FileState | None:
    """Return the state of a regular file, or of one that a link leads to; else None."""
    try:
        if not entry.is_file():
            return None
        return FileState.of(entry.stat())
    except OSError:  # gone since
        return None
