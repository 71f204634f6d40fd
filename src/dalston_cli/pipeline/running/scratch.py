"""The folder for a run's decoded audio: gone when the run ends, or when the next one begins.

A run holds a lock on its own folder for as long as its process lives; a folder that nobody holds
belongs to a process that was killed.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dalston_cli.folder_lock import lock_folder, try_lock_folder


@contextlib.contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A private folder below ``parent`` for as long as the context lasts.

    Also removes what killed runs left there.

    Raises:
        OSError: ``parent`` cannot be written.
    """
    with lock_folder(parent):  # nobody removes what another has made and not locked yet
        remove_abandoned(parent)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
        descriptor = try_lock_folder(folder)
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
