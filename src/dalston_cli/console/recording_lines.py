"""A recording's name and its transcripts' names, as short as they can be told."""

from collections.abc import Sequence
from pathlib import PurePath


def about(recording: str | None, message: str) -> str:
    """Return a message that names its recording once."""
    return message if recording is None or recording in message else f"{recording}: {message}"


def folder_and_name(recording: str) -> tuple[str, str]:
    """Return a recording's folder, which may be empty and else ends with a slash, and its name."""
    folder, slash, name = recording.rpartition("/")
    return (f"{folder}{slash}", name) if name else ("", recording)


def outputs_text(recording: str, outputs: Sequence[str]) -> str:
    """Return where transcripts are: ``out/ (txt, srt)``, or their names where these differ.

    Args:
        recording: Its name, whose stem most transcripts have.
        outputs: Paths of the transcripts.
    """
    paths = [PurePath(output) for output in outputs]
    start = f"{PurePath(recording).stem}."
    folders = {path.parent for path in paths}
    if len(folders) > 1 or not all(path.name.startswith(start) for path in paths):
        return ", ".join(outputs)
    extensions = ", ".join(path.name.removeprefix(start) for path in paths)
    return f"{folders.pop().as_posix().rstrip('/')}/ ({extensions})"
