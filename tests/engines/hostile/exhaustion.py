"""Exhausting resources: ``fork-bomb``, ``eat-memory``, ``fill-disk``; each stops at a limit."""

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.engines.hostile.attempts import Attempt, error_name
else:
    from attempts import Attempt, error_name

MOST_PROCESSES = 3000
MOST_MEMORY_MB = 1024
MOST_DISK_MB = 2048
_CHUNK_MB = 8
_SLEEP = ("/bin/sleep", "60")
_MB = 1_000_000


def fork_bomb() -> Attempt:
    """Start small idle programs until no more are allowed, then end all of them."""
    children: list[int] = []
    refused = ""
    while len(children) < MOST_PROCESSES and not refused:
        try:
            children.append(os.posix_spawn(_SLEEP[0], _SLEEP, {}))
        except OSError as error:
            refused = error_name(error)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return _amount("start processes", len(children), refused)


def eat_memory() -> Attempt:
    """Use memory; an engine that is killed for it reports nothing."""
    eaten: list[bytes] = []
    while len(eaten) * _CHUNK_MB < MOST_MEMORY_MB:
        try:
            eaten.append(b"x" * (_CHUNK_MB * _MB))
        except MemoryError:
            return _amount("take memory", len(eaten) * _CHUNK_MB, "MemoryError")
    return _amount("take memory", len(eaten) * _CHUNK_MB, "")


def fill_disk(folder: Path = Path("/tmp")) -> Attempt:
    """Write a growing file, and remove it at the end."""
    path = folder / "hostile-filling"
    chunk = bytes(_CHUNK_MB * _MB)
    written, refused = 0, ""
    try:
        with path.open("wb", buffering=0) as file:
            while written < MOST_DISK_MB * _MB:
                written += file.write(chunk)
    except OSError as error:
        refused = error_name(error)
    finally:
        path.unlink(missing_ok=True)
    return _amount(f"fill {folder}", written // _MB, refused)


def _amount(what: str, number: int, refused: str) -> Attempt:
    if refused:
        return Attempt(outcome="refused", what=what, why=f"{refused} after {number}")
    return Attempt(outcome="done", what=what, why=f"{number}")
