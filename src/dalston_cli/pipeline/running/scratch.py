"""The folder for a run's decoded audio: gone when the run ends, or when the next one begins.

A run holds a lock on its own folder for as long as its process lives; a folder that nobody holds
belongs to a process that was killed.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A private folder below ``parent`` for as long as the context lasts.

    Also removes what killed runs left there.

    Raises:
        OSError: ``parent`` cannot be written.
    """
    parent.mkdir(parents=True, exist_ok=True)
    with _locked(parent):
        remove_abandoned(parent)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
        descriptor = _try_lock(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


def remove_abandoned(parent: Path) -> None:
    """Remove the folders of runs that do not live any more."""
    for folder in parent.glob("run-*"):
        descriptor = _try_lock(folder)
        if descriptor is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)


def _try_lock(folder: Path) -> int | None:
    """A descriptor that holds the folder's lock; None where another process holds it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keeps a run from removing a folder that another has made and not locked yet."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
