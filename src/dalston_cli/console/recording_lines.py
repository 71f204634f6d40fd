"""A recording's name and its transcripts' names, as short as they can be told."""

import os
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
    start = f"{PurePath(recording).stem}."
    parts = [output.rpartition("/") for output in outputs]  # a path would lose a slash of s3://
    folders = {f"{folder}{slash}" for folder, slash, _ in parts}
    if len(folders) > 1 or not all(name.startswith(start) for _, _, name in parts):
        return ", ".join(outputs)
    extensions = ", ".join(name.removeprefix(start) for _, _, name in parts)
    return f"{folders.pop() or './'} ({extensions})"


def folder_of_all(recordings: Sequence[str]) -> str | None:
    """Return the deepest folder that holds all recordings; None where they have none in common."""
    parts = [name.rpartition("://") for name in recordings]
    starts = {(f"{scheme}{mark}", path.startswith("/")) for scheme, mark, path in parts}
    if len(starts) > 1:
        return None
    start, _ = starts.pop()
    common = os.path.commonpath([PurePath(path).parent for _, _, path in parts])
    return f"{start}{common}" if common or not start else None
