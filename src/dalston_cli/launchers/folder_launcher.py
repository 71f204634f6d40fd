"""The base of launchers that manage engines with runtime folders on this machine."""

import re
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dalston_cli.launchers.base import EngineInstance, Launcher, NotOursError
from dalston_cli.launchers.contact import NoAnswerError, run_aside, shut_down
from dalston_cli.launchers.failure import NoLogError
from dalston_cli.launchers.folder import ReentrantFolderLock, make_private

SOCKET_NAME = "engine.sock"
_CHARACTERS_OF_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_OUR_FOLDER = re.compile(r"[a-z0-9._-]{1,10}-[0-9a-f]{8}-\d+|\.old-.+-\d+-\d+")


def plain_line(line: str) -> str:
    """Return a line of a log without colours and without its end."""
    return _CHARACTERS_OF_COLOUR.sub("", line.rstrip("\r\n"))


def folder_name(engine: str, fingerprint: str, replica: int) -> str:
    """Return the name of an instance's runtime folder, short enough for a socket's path."""
    return f"{engine[:10]}-{fingerprint[:8]}-{replica}"


def engine_folders(root: Path) -> list[Path]:
    """Return the runtime folders in ``root``, and no other file that the user keeps there."""
    if not root.is_dir():
        return []
    return [path for path in sorted(root.iterdir()) if _OUR_FOLDER.fullmatch(path.name)]


class FolderLauncher(Launcher):
    """A launcher that starts and ends engines, each with a runtime folder for its socket."""

    manages = True
    brings_own_weights = False
    keeps_logs = True

    def __init__(self, runtime: Path) -> None:
        self._runtime = runtime
        self._lock = ReentrantFolderLock(runtime)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the runtime folder; may be taken again by the thread that has it."""
        make_private(self._runtime)
        with self._lock.hold():
            yield

    def stop(self, instance: EngineInstance, *, timeout_s: float) -> None:
        if not instance.owned:
            raise NotOursError(instance.engine, "stopped")
        if timeout_s > 0 and _has_understood(instance):
            self._wait(instance, timeout_s=timeout_s)
        self._end(instance)

    def see_log(self, instance: EngineInstance) -> str:
        return f"see the whole log: dalston engines logs {instance.engine}"

    def logs(self, engine: str, *, lines: int, follow: bool) -> Iterator[str]:
        found = self._newest_log(engine, lines=lines, follow=follow)
        if found is None:
            raise NoLogError(engine)
        return found

    @abstractmethod
    def _wait(self, instance: EngineInstance, *, timeout_s: float) -> None:
        """Wait until it has ended, at most for ``timeout_s``."""

    @abstractmethod
    def _end(self, instance: EngineInstance) -> None:
        """End it if it still runs, and remove its runtime folder."""

    @abstractmethod
    def _newest_log(self, engine: str, *, lines: int, follow: bool) -> Iterator[str] | None:
        """Return the lines of the newest log; None if there is none."""


def _has_understood(instance: EngineInstance) -> bool:
    """Ask the engine to finish; return False if it is starting or hangs, and so does not answer."""
    try:
        run_aside(shut_down(instance.address))
    except NoAnswerError:
        return False
    return True
