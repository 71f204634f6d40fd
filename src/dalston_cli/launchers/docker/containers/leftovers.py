"""Removes ended containers and their folders, except for the newest logs."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from dalston_cli.launchers.docker.containers.container_list import Container, Containers
from dalston_cli.launchers.docker.containers.folders import ContainerFolders

NUM_KEPT = 3
"""Ended containers of one engine that are kept for their logs."""


def clean_up(
    containers: Containers,
    folders: ContainerFolders,
    exclusive: Callable[[], AbstractContextManager[None]],
) -> list[Container]:
    """Remove what is no longer needed, and list the remaining containers, the newest first.

    Args:
        containers: The containers of one home.
        folders: The folders of the same home.
        exclusive: Keeps other processes from starting containers. It is taken only where there
            is something to remove, and everything is looked at again then.
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
