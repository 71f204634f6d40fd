"""Environments of engines and copies of the SDK that nothing needs any more."""

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.local.environment import EnvironmentStore, snapshot_folder

_GOING = ".going-"
"""Begins the name of a copy of the SDK that is being removed; one being made begins otherwise."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A folder of the cache.

    Attributes:
        size_bytes: Without files that an earlier folder of the same list shares by hard links.
        is_needed: By an engine as it is now, or by a process that runs.
    """

    kind: Literal["environment", "sdk"]
    path: Path
    size_bytes: int
    is_needed: bool


def find_kept(cache: Path, engines: Iterable[EngineEntry]) -> tuple[Kept, ...]:
    """Return every environment and every copy of the SDK, those that are needed first."""
    store = EnvironmentStore(cache)
    needed = {place for engine in engines for place in store.places(engine)}
    needed.add(snapshot_folder(cache))
    sdk = cache / "sdk"
    folders: list[tuple[Literal["environment", "sdk"], Path]] = [
        *(("environment", place) for place in store.every_place()),
        *(("sdk", place) for place in (sorted(sdk.iterdir()) if sdk.is_dir() else ())),
    ]
    running = _words_of_processes()
    found = [
        (kind, place, place in needed or any(str(place) in words for words in running))
        for kind, place in folders
        if not place.name.startswith(".new-")
    ]
    seen: set[tuple[int, int]] = set()
    return tuple(
        Kept(kind=kind, path=place, size_bytes=size_of(place, seen), is_needed=is_needed)
        for kind, place, is_needed in sorted(found, key=lambda each: not each[2])
    )


def remove_kept(cache: Path, kept: Kept) -> None:
    """Remove a folder, so that half of it is never taken for one."""
    if kept.kind == "environment":
        EnvironmentStore(cache).remove_place(kept.path)
        return
    going = kept.path
    if not going.name.startswith(_GOING):
        going = kept.path.with_name(f"{_GOING}{kept.path.name}")
        shutil.rmtree(going, ignore_errors=True)
        kept.path.rename(going)
    shutil.rmtree(going)


def size_of(folder: Path, seen: set[tuple[int, int]] | None = None) -> int:
    """Return the room on the disk of a folder's files; each of ``seen`` counts once."""
    counted = set() if seen is None else seen
    total = 0
    for status in _statuses(folder):
        identity = (status.st_dev, status.st_ino)
        if identity not in counted:
            counted.add(identity)
            total += status.st_blocks * 512
    return total


def _statuses(folder: Path) -> Iterator[os.stat_result]:
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                yield os.lstat(Path(parent, name))
            except FileNotFoundError:
                continue


def _words_of_processes() -> list[str]:
    """Return the command line and ``PYTHONPATH`` of this user's processes."""
    import psutil  # noqa: PLC0415 - keeps `dalston --help` fast

    words = []
    for process in psutil.process_iter():
        try:
            path = process.environ().get("PYTHONPATH", "")
            words.append("\0".join([path, *process.cmdline()]))
        except psutil.Error:
            continue
    return words
