"""The choice of an engine's lock: the one with CUDA, or the one without.

PyTorch's builds for a CPU are not where its other builds are, and those bring five gigabytes of
CUDA. An engine with PyTorch has two locks for that: ``requirements.lock``, which on Linux wants a
wheel for a CPU from a folder that uv's own variable ``UV_FIND_LINKS`` names, and
``requirements-cuda.lock``, which works on GPUs and CPUs. Its results are the same with both.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from dalston_sdk.identity import LOCK_NAME

CUDA_LOCK_NAME = "requirements-cuda.lock"
_WITH_TWO_BUILDS = "x86_64"
_FOR_A_CPU = re.compile(r"^torch==(\S+\+cpu)\b", re.MULTILINE)


def fitting_locks(folder: Path, *, device: str, machine: str) -> tuple[Path, ...]:
    """Return the locks whose environments can run an engine, the smaller one first."""
    lock, cuda = folder / LOCK_NAME, folder / CUDA_LOCK_NAME
    if machine != _WITH_TWO_BUILDS or not cuda.is_file():
        return (lock,)
    return (lock, cuda) if device == "cpu" else (cuda,)


def choose_lock(
    folder: Path, *, device: str, python: str, machine: str, environ: Mapping[str, str] = os.environ
) -> Path:
    """Return the lock to install an engine from; it may be missing."""
    first, *others = fitting_locks(folder, device=device, machine=machine)
    if others and not cpu_wheels(folder, python=python, machine=machine, environ=environ):
        return others[0]
    return first


def cpu_wheels(
    folder: Path, *, python: str, machine: str, environ: Mapping[str, str] = os.environ
) -> tuple[Path, ...]:
    """Return PyTorch's wheels for a CPU that a lock names, from folders of ``UV_FIND_LINKS``."""
    lock = folder / LOCK_NAME
    named = _FOR_A_CPU.search(lock.read_text(encoding="utf-8")) if lock.is_file() else None
    if named is None:
        return ()
    tag = python.replace("cpython-", "cp").replace(".", "")
    places = [Path(one) for one in environ.get("UV_FIND_LINKS", "").replace(",", " ").split()]
    return tuple(
        wheel
        for place in places
        for wheel in sorted(place.glob(f"torch-{named[1]}-{tag}-*_{machine}.whl"))
    )


def uv_variables(lock: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return uv's variables for a lock: without wheels for a CPU if it is the one with CUDA."""
    hidden = {"UV_FIND_LINKS"} if lock.name == CUDA_LOCK_NAME else set()
    return {name: value for name, value in environ.items() if name not in hidden}
