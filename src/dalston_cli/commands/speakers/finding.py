"""Finds the transcripts that ``dalston speakers match`` is about."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from dalston_cli.collection.files import found_files
from dalston_cli.collection.reading import is_marked
from dalston_cli.errors import InputError


class NoTranscriptsError(InputError):
    """There is no transcript in the named places."""

    code = "no_transcripts"

    def __init__(self, places: Sequence[Path]) -> None:
        super().__init__(
            f"no transcripts as JSON were found in {', '.join(map(str, places))}",
            hint="write them with: dalston transcribe RECORDINGS --diarize -f json",
        )


def find_transcripts(places: Sequence[Path], tell: Callable[[str], None]) -> tuple[Path, ...]:
    """Return the transcripts that are named, and those in folders, with all below them.

    Args:
        places: Files and folders.
        tell: Takes a message about each folder that cannot be read.

    Raises:
        NoTranscriptsError: There is none.
    """
    found: dict[Path, None] = {}
    for place in places:
        found |= dict.fromkeys(_below(place, tell) if place.is_dir() else (place,))
    if not found:
        raise NoTranscriptsError(places)
    return tuple(found)


def _below(folder: Path, tell: Callable[[str], None]) -> Iterator[Path]:
    """Yield the transcripts of a folder and of those below it, and no other JSON."""
    return (file.path for file in found_files(folder, tell) if is_marked(file.path))
