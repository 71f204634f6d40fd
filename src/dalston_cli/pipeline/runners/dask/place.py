"""A worker's own engines: several workers of one machine share none.

The first worker of a machine uses the engines that ``dalston transcribe`` uses there, too; each
other one has a runtime folder of its own. A number is a folder that the worker keeps locked; the
next run's worker of the same number finds its engines warm.
"""

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

from dalston_cli.folder_lock import try_lock_folder
from dalston_cli.settings.locations import Locations

MOST_WORKERS = 256
"""Of one user on one machine."""


@cache
def numbered(runtime: Path, worker: str) -> int:
    """Return the number of a worker of this process, from 0; it has it until the process ends."""
    del worker
    for number in range(MOST_WORKERS):
        place = _place(runtime, number)
        if try_lock_folder(place, make=True) is not None:
            return number
    raise AssertionError(f"there are {MOST_WORKERS} workers in {runtime.parent}")


def of_worker(locations: Locations, worker: str) -> Locations:
    """Return the folders of a worker, which Dask knows by this address."""
    number = numbered(locations.runtime, worker)
    if number == 0:
        return locations
    return replace(locations, runtime=_place(locations.runtime, number) / "run")


def leave(runtime: Path) -> None:
    """Remove the folders of workers that have ended and left no engine."""
    for place in runtime.parent.glob(f"{runtime.name}.worker*"):
        descriptor = try_lock_folder(place)
        if descriptor is None:
            continue
        for folder in (place / "run", place):
            try:
                folder.rmdir()
            except OSError:
                continue
        os.close(descriptor)


def _place(runtime: Path, number: int) -> Path:
    return runtime.with_name(f"{runtime.name}.worker{number}")
