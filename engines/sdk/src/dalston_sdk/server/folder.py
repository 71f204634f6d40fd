"""The runtime folder of one engine instance: its socket, its ready file, its uploads."""

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

READY_FILE = "ready.json"
SOCKET_FILE = "engine.sock"


class RuntimeFolder:
    """A folder that belongs to this process, which removes it at its end.

    The folder is identified by its inode as well as its path: if it was removed and created again
    for another engine, the new one is left alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._identity = self._stat()

    @property
    def socket(self) -> Path:
        """Path of the Unix socket."""
        return self.path / SOCKET_FILE

    def exists(self) -> bool:
        """Return True if the folder is still there and the same."""
        return self._stat() == self._identity

    def write_ready(self, content: Mapping[str, object]) -> None:
        """Write the file that says that connections are accepted, atomically."""
        partial = self.path / f".{READY_FILE}.{secrets.token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(partial, flags, 0o600), "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.path / READY_FILE)

    def remove(self) -> None:
        """Remove the folder and everything in it, as far as the system allows."""
        if not self.exists():
            return
        # First the files that clients look for, so that they do not use a dying engine.
        (self.path / READY_FILE).unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)
        # A folder that is a mount point of its own cannot be removed, only emptied.
        with contextlib.suppress(OSError):
            shutil.rmtree(self.path, onerror=_go_on)

    def _stat(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _go_on(*_: object) -> None:
    return
