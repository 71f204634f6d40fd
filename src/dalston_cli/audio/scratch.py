"""A folder for decoded audio and the like: gone when a command ends, or when the next one begins.

A command holds a lock on its own folder for as long as its process lives; a folder without a lock
belongs to a process that was killed.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dalston_cli.audio.source import shown_name
from dalston_cli.errors import UnavailableError
from dalston_cli.folder_lock import lock_folder, try_lock_folder

SCRATCH_NAME = "decoded"
"""In the cache folder."""


class ScratchFolderError(UnavailableError):
    """There is no place for decoded audio."""

    code = "cache_folder"

    def __init__(self, folder: Path, problem: OSError) -> None:
        super().__init__(
            f"the cache folder {shown_name(folder)} cannot be used: {problem.strerror or problem}",
            hint="use another one: export DALSTON_CACHE_DIR=/another/folder",
        )


@contextlib.contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Make a private folder below ``parent`` for as long as the context lasts.

    Also removes what killed runs left there.

    Raises:
        ScratchFolderError: ``parent`` cannot be written.
    """
    try:
        with lock_folder(parent):  # keeps what another process has made and not locked yet
            remove_abandoned(parent)
            folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
            descriptor = try_lock_folder(folder)
    except OSError as error:
        raise ScratchFolderError(parent, error) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


def remove_abandoned(parent: Path) -> None:
    """Remove the folders of runs that do not live any more."""
    for folder in parent.glob("run-*"):
        descriptor = try_lock_folder(folder)
        if descriptor is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)
