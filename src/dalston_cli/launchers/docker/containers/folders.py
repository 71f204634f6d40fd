"""The containers' own folders on this machine, and what else ended containers leave behind.

Those of the runtime end with their container; those of the state outlive it.
"""

import os
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from dalston_cli.errors import UnavailableError
from dalston_cli.launchers.docker.containers.container_list import Container, Containers
from dalston_cli.launchers.folder import check_socket_path, make_private, remove_folder
from dalston_cli.launchers.folder_launcher import SOCKET_NAME, engine_folders, folder_name
from dalston_cli.private_file import make_private_folder

_NAME, _STATE_NAME = "c", "containers"

NUM_KEPT = 3
"""Ended containers of one engine that are kept for their logs."""


class StateFolderUnusableError(UnavailableError):
    """The folder for what outlives an engine's container cannot be made."""

    code = "containers_state"

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"the folder {folder} of an engine in a container cannot be made: {reason}",
            hint="make it writable, or take another place: export DALSTON_STATE_DIR=…",
        )


class ContainerFolders:
    """The folders below ``<runtime>/c``; changed only while the runtime folder is locked.

    Args:
        runtime: The folder of what ends with a container.
        state: The folder of what outlives it, ``<state>/containers``.
    """

    def __init__(self, runtime: Path, state: Path) -> None:
        self._root = runtime / _NAME
        self._state = state / _STATE_NAME

    def make(self, engine: str, fingerprint: str, replica: int, *, owner: int | None) -> Path:
        """Make an empty folder for a container with a replica number of its own.

        It belongs to the user and group with the id ``owner``; None for the caller.

        Raises:
            RuntimeFolderError: It cannot be trusted, or its path is too long for a socket.
        """
        folder = self._root / folder_name(engine, fingerprint, replica)
        check_socket_path(folder / SOCKET_NAME)
        make_private(self._root)
        remove_folder(folder)
        folder.mkdir(mode=0o700)
        if owner is not None:
            os.chown(folder, owner, owner)
        return folder

    def state_of(self, engine: str, device: str, *, owner: int | None) -> Path:
        """Make the folder for what all containers of an engine on a device leave to later ones.

        Not that of processes: a container has other limits, and each GPU is its first one.

        Raises:
            StateFolderUnusableError: It cannot be made.
        """
        folder = self._state / engine / device.replace(":", "-")
        try:
            make_private_folder(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)
            if owner is not None:
                os.chown(folder, owner, owner)
        except OSError as error:
            raise StateFolderUnusableError(folder, error.strerror or str(error)) from error
        return folder

    def unused(self, in_use: Collection[Path]) -> list[Path]:
        """List the folders that are not in use; other files at that place are ignored."""
        return [path for path in engine_folders(self._root) if path not in in_use]

    def remove(self, folders: Collection[Path]) -> None:
        """Remove folders, and their parent when it is empty."""
        for folder in folders:
            remove_folder(folder)
        with suppress(OSError):  # not empty, or never made
            self._root.rmdir()


def clean_up(
    containers: Containers,
    folders: ContainerFolders,
    exclusive: Callable[[], AbstractContextManager[None]],
) -> list[Container]:
    """Remove what is no longer needed, and list the remaining containers, the newest first.

    ``exclusive`` keeps other processes from starting containers; it is taken only if something is
    to be removed, and everything is looked at again then.
    """
    found = containers.all()
    if not _removable(found) and not folders.unused(_in_use(found)):
        return found
    with exclusive():
        found = containers.all()
        gone = _removable(found)
        for container in gone:
            containers.remove(container.id)
        folders.remove(folders.unused(_in_use(found)))
    return [container for container in found if container not in gone]


def _removable(found: list[Container]) -> list[Container]:
    """Select those that never ran or whose logs are old; under the lock, none is about to start."""
    num_ended: Counter[str] = Counter()
    gone = []
    for container in found:
        if container.runs:
            continue
        num_ended[container.engine] += container.has_log
        if not container.has_log or num_ended[container.engine] > NUM_KEPT:
            gone.append(container)
    return gone


def _in_use(found: list[Container]) -> set[Path]:
    return {each.folder for each in found if each.runs and each.folder is not None}
