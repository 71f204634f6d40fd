"""The containers' own folders on this machine, each with one container's socket."""

import os
import re
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from dalston_cli.launchers.folder import check_socket_path, make_private, remove_folder

SOCKET_NAME = "engine.sock"
_NAME = "c"
_OURS = re.compile(r"[a-z0-9._-]{1,10}-[0-9a-f]{8}-\d+|\.old-.+-\d+-\d+")


class ContainerFolders:
    """The folders below ``<runtime>/c``; changed only while the runtime folder is locked.

    Args:
        runtime: ``Locations.runtime``.
    """

    def __init__(self, runtime: Path) -> None:
        self._root = runtime / _NAME

    def make(self, engine: str, fingerprint: str, replica: int, *, owner: int | None) -> Path:
        """Make an empty folder for a container with a replica number of its own.

        Args:
            engine: Name of the engine.
            fingerprint: Fingerprint of the engine.
            replica: Number of the replica.
            owner: Id of the user and group who get the folder; None for the caller.

        Raises:
            RuntimeFolderError: It cannot be trusted, or its path is too long for a socket.
        """
        folder = self._root / f"{engine[:10]}-{fingerprint[:8]}-{replica}"
        check_socket_path(folder / SOCKET_NAME)
        make_private(self._root)
        remove_folder(folder)
        folder.mkdir(mode=0o700)
        if owner is not None:
            os.chown(folder, owner, owner)
        return folder

    def unused(self, in_use: Collection[Path]) -> list[Path]:
        """List the folders that are not in use; other files at that place are ignored."""
        if not self._root.is_dir():
            return []
        found = (path for path in sorted(self._root.iterdir()) if _OURS.fullmatch(path.name))
        return [path for path in found if path not in in_use]

    def remove(self, folders: Collection[Path]) -> None:
        """Remove folders, and their parent when it is empty."""
        for folder in folders:
            remove_folder(folder)
        with suppress(OSError):  # not empty, or never made
            self._root.rmdir()
