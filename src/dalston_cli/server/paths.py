"""Recordings that callers name by path: below allowed folders, links followed, and nothing else."""

import os
from collections.abc import Sequence
from pathlib import Path

from dalston_cli.server.errors import no_such


def allowed_recording(text: str, folders: Sequence[Path]) -> Path:
    """Return a file that a caller may name.

    Args:
        text: Absolute, or below one of the folders.
        folders: Resolved.

    Raises:
        RequestRefusedError: There is no such file below them; it does not tell whether it exists
            elsewhere.
    """
    if "\x00" not in text:
        for folder in folders:
            try:
                real = Path(folder, text).resolve(strict=True)
            except (OSError, RuntimeError):
                continue
            if real.is_relative_to(folder) and real.is_file() and os.access(real, os.R_OK):
                return real
    raise no_such("recording below the folders that this token may name")


def still_there(text: str) -> Path:
    """Return a file that was allowed before, unless a link has its place, or that of a folder.

    Raises:
        RequestRefusedError: It is not there any more.
    """
    path = Path(text)
    try:
        if path.resolve(strict=True) == path and path.is_file():
            return path
    except (OSError, RuntimeError):
        pass
    raise no_such("recording any more")
