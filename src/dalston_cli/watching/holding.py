"""One watcher for a folder, no matter which user started it."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dalston_cli.folder_lock import try_lock_folder
from dalston_cli.private_file import make_private_folder
from dalston_cli.watching.errors import FolderInUseError

_NAME = "watching"


@contextmanager
def held_folder(folder: Path, state: Path) -> Iterator[None]:
    """Hold a folder while the block lasts.

    The folder itself is locked, for all users of this machine. Where its file system has no locks,
    as NFS may have none for folders, one in the user's own state stands for it.

    Raises:
        FolderInUseError: Another process has it.
        OSError: The state cannot be written.
    """
    real = os.path.realpath(folder)
    own = state / _NAME / hashlib.sha256(os.fsencode(real)).hexdigest()[:16]
    make_private_folder(own)
    with ExitStack() as stack:
        for place in (own, Path(real)):
            try:
                descriptor = try_lock_folder(place)
            except OSError:
                if place == own:
                    raise
                continue
            if descriptor is None:
                raise FolderInUseError(folder)
            stack.callback(os.close, descriptor)
        yield
