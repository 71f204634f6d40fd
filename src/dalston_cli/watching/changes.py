"""Waiting until something may have changed in a folder. What has changed is seen by looking."""

import threading
from pathlib import Path
from typing import Any, Protocol

from dalston_cli.watching.errors import NotificationsError

UNTOLD_S = 60.0
"""So often a folder is looked at though the system tells nothing: links and other machines."""

_GROUPED_MS = 400
_STEP_MS = 50


class Changes(Protocol):
    """What the watcher waits for between two looks."""

    def wait(self, seconds: float | None) -> None:
        """Return when something may have changed, when the end is wanted, or after a time.

        Args:
            seconds: At most; None where nothing is waited for but changes.
        """

    def close(self) -> None:
        """Let go of the folder."""


class Polling:
    """Looks every so often: for folders whose changes other machines make."""

    def __init__(self, every_s: float, ending: threading.Event) -> None:
        self._every_s = every_s
        self._ending = ending

    def wait(self, seconds: float | None) -> None:
        """Wait for the time between two looks, or less."""
        self._ending.wait(self._every_s if seconds is None else min(seconds, self._every_s))

    def close(self) -> None:
        """Do nothing."""


class Notified:
    """Is told by the system, through watchfiles, and looks now and then all the same."""

    def __init__(self, folder: Path, ending: threading.Event, *, recursive: bool) -> None:
        """Begin to be told.

        Raises:
            NotificationsError: The system does not tell.
        """
        self._folder = folder
        self._ending = ending
        self._recursive = recursive
        self._told: Any = None
        self._identity = (0, 0)
        self._begin()

    def wait(self, seconds: float | None) -> None:
        """Wait to be told; a file that is looked at again soon is not waited for in this way."""
        if seconds is not None and seconds < 1:
            self._ending.wait(seconds)
            return
        if self._told is None or _identity(self._folder) != self._identity:
            self._begin()  # the folder is another one than before
        limit_s = UNTOLD_S if seconds is None else min(seconds, UNTOLD_S)
        if self._told is None:
            self._ending.wait(limit_s)
            return
        self._told.watch(_GROUPED_MS, _STEP_MS, round(limit_s * 1000), self._ending)

    def close(self) -> None:
        """End the thread that is told."""
        if self._told is not None:
            self._told.close()
            self._told = None

    def _begin(self) -> None:
        from watchfiles._rust_notify import RustNotify  # noqa: PLC0415 - for this command alone

        self.close()
        try:
            self._identity = _identity(self._folder)
            self._told = RustNotify(
                [str(self._folder)],
                debug=False,
                force_polling=False,
                poll_delay_ms=300,
                recursive=self._recursive,
                ignore_permission_denied=True,
            )
        except FileNotFoundError:
            self._told = None  # gone for now, as a disk that is not mounted: it is looked at
        except (OSError, RuntimeError) as error:
            raise NotificationsError(self._folder, str(error)) from error


def _identity(folder: Path) -> tuple[int, int]:
    try:
        status = folder.stat()
    except OSError:
        return (0, 0)
    return (status.st_dev, status.st_ino)
