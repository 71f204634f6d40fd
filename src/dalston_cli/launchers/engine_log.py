"""Engines' logs: a file for each process, the newest kept, read from their ends."""

import os
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from dalston_cli.launchers.folder_launcher import plain_line
from dalston_cli.private_file import make_private_folder, open_own

NUM_KEPT = 10
_STAMP = "%Y%m%dT%H%M%S.%fZ"
_POLL_S = 0.2
_BUILD = "build"


class EngineLogs:
    """The logs under one folder, which holds a folder for each engine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, engine: str) -> Path:
        """Create a file for a process whose pid is not known yet.

        It is empty, or begins with what built the engine's environment just before.
        """
        path = self._name(engine, f"new{os.getpid()}")
        newest = self.newest(engine)
        if newest is not None and newest.stem.endswith(f"-{_BUILD}"):
            with suppress(FileNotFoundError):  # another process that starts was faster
                newest.rename(path)
        _make(path)
        return path

    def of_build(self, engine: str) -> Callable[[str], None]:
        """Return a function that writes a line of an environment's build to a log of its own.

        There is no log before the first line.
        """
        path = self._name(engine, _BUILD)
        builds = [one for one in self._of(engine) if one.stem.endswith(f"-{_BUILD}")]
        for old in builds[: 1 - NUM_KEPT]:
            old.unlink(missing_ok=True)

        def write(line: str) -> None:
            _make(path)
            with os.fdopen(open_own(path, mode=0o600), "a", encoding="utf-8") as file:
                file.write(f"{line}\n")

        return write

    def settle(self, path: Path, pid: int, *, in_use: Collection[Path]) -> Path:
        """Give a log its final name, and remove the oldest that no engine writes to."""
        final = path.with_name(f"{path.name.rpartition('-')[0]}-{pid}.log")
        path.rename(final)
        for old in self._of(path.parent.name)[:-NUM_KEPT]:
            if old not in in_use:
                old.unlink(missing_ok=True)
        return final

    def newest(self, engine: str) -> Path | None:
        """Return the log of what was begun last: a process, or the build of its environment."""
        found = self._of(engine)
        return found[-1] if found else None

    def newest_time(self, engine: str) -> datetime | None:
        """Return when that was."""
        path = self.newest(engine)
        if path is None:
            return None
        stamp = path.name.partition("-")[0]
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)

    def of_process(self, engine: str, pid: str) -> Path | None:
        """Return the log of the process that has or had ``pid``."""
        found = sorted((self._folder / engine).glob(f"*-{pid}.log"))
        return found[-1] if found else None

    def remove(self, engine: str) -> int:
        """Remove every log of ``engine``; return their number."""
        found = self._of(engine)
        for path in found:
            path.unlink(missing_ok=True)
        with suppress(OSError):  # other files are in it, or there is none
            (self._folder / engine).rmdir()
        return len(found)

    def _of(self, engine: str) -> list[Path]:
        return sorted((self._folder / engine).glob("*.log"))

    def _name(self, engine: str, mark: str) -> Path:
        return self._folder / engine / f"{datetime.now(UTC).strftime(_STAMP)}-{mark}.log"


def _make(path: Path) -> None:
    make_private_folder(path.parent.parent)
    make_private_folder(path.parent)
    os.close(open_own(path, mode=0o600))


def tail_lines(path: Path, lines: int) -> list[str]:
    """Return the last lines of a log without colours; none if it is gone."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return [plain_line(line) for line in deque(file, maxlen=lines)]
    except FileNotFoundError:
        return []


def follow_lines(path: Path, lines: int) -> Iterator[str]:
    """Yield the last lines, and every later one, until the file is gone."""
    with path.open(encoding="utf-8", errors="replace") as file:
        yield from (plain_line(line) for line in deque(file, maxlen=lines))
        rest = ""
        while path.exists():
            rest += file.readline()
            if rest.endswith("\n"):
                yield plain_line(rest)
                rest = ""
            else:
                time.sleep(_POLL_S)
