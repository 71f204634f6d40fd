"""The runtime folder of one engine instance: its socket, its ready file, its uploads."""

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

READY_FILE = "ready.json"
SOCKET_FILE = "engine.sock"


class RuntimeFolder:
    """A folder that belongs to this process from now on, and that it removes at its end.

    The folder is known by its inode as well as by its path: if somebody cleaned it away and made
    a new one for another engine, that one is left alone.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._identity = self._look()

    @property
    def socket(self) -> Path:
        """Where the Unix socket goes."""
        return self.path / SOCKET_FILE

    def exists(self) -> bool:
        """Whether the folder is still there and still the same."""
        return self._look() == self._identity

    def write_ready(self, content: Mapping[str, object]) -> None:
        """Say that connections are accepted; whoever sees the file sees all of it."""
        partial = self.path / f".{READY_FILE}.partial"
        with partial.open("w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.path / READY_FILE)

    def remove(self) -> None:
        """Remove the folder and everything in it, as far as the system allows."""
        if not self.exists():
            return
        # First what others look for, so that nobody takes a dying engine for a living one.
        (self.path / READY_FILE).unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)
        # A folder that is a mount point of its own cannot be removed, only emptied.
        with contextlib.suppress(OSError):
            shutil.rmtree(self.path, onerror=_go_on)

    def _look(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _go_on(*_: object) -> None:
    return
