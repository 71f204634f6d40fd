"""What containers leave behind, and when it goes."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from dalston_cli.launchers.docker.containers.folders import ContainerFolders
from dalston_cli.launchers.docker.containers.register import Container, Containers

NUM_KEPT = 3
"""Ended containers of one engine that are kept for their logs."""


def clean_up(
    containers: Containers,
    folders: ContainerFolders,
    exclusive: Callable[[], AbstractContextManager[None]],
) -> list[Container]:
    """Every container that is left, the newest first, after what nobody needs was removed.

    Args:
        containers: All of one home.
        folders: Of the same home.
        exclusive: Keeps everybody else from starting any; asked for where there is anything to
            remove, to look again before it is removed.
    """
    found = containers.all()
    if not _dispensable(found) and not folders.unused(_in_use(found)):
        return found
    with exclusive():
        found = containers.all()
        gone = _dispensable(found)
        for container in gone:
            containers.remove(container.id)
        folders.remove(folders.unused(_in_use(found)))
    return [container for container in found if container not in gone]


def _dispensable(found: list[Container]) -> list[Container]:
    """Those that never ran or whose logs are old; under the lock nobody is about to start one."""
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
