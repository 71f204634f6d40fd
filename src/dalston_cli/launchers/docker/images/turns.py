"""Processes that want the same thing made wait for each other, and let it be made once."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dalston_cli.folder_lock import try_lock_folder
from dalston_cli.launchers.base import Preparation

_LOOK_S = 0.5


@contextmanager
def one_at_a_time(folder: Path, preparation: Preparation) -> Iterator[None]:
    """Hold ``folder``, which is gone afterwards with the one around it if that is empty.

    Args:
        folder: What all of them lock.
        preparation: Told once if another process is first.

    Raises:
        AbandonedError: Nobody waits any more.
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
        with suppress(OSError):  # others wait for something else
            folder.rmdir()
            folder.parent.rmdir()
        os.close(descriptor)
