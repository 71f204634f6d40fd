"""A lock that lets one process build or pull an image while others that need it wait."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dalston_cli.folder_lock import try_lock_folder
from dalston_cli.launchers.base import Preparation

_LOOK_S = 0.5


@contextmanager
def build_lock(folder: Path, preparation: Preparation) -> Iterator[None]:
    """Hold a lock on ``folder``, which is removed afterwards, and its parent if that is empty.

    Args:
        folder: The folder that stands for the image.
        preparation: Receives a line if another process holds the lock.

    Raises:
        AbandonedError: The caller stopped waiting.
    """
    descriptor = try_lock_folder(folder, make=True)
    if descriptor is None:
        preparation.tell("another process gets this image; waiting for it")
    while descriptor is None:
        preparation.check()
        time.sleep(_LOOK_S)
        descriptor = try_lock_folder(folder, make=True)
    try:
        yield
    finally:
        with suppress(OSError):  # other images are being built
            folder.rmdir()
            folder.parent.rmdir()
        os.close(descriptor)
