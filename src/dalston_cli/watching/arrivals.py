"""The files of a watched folder over time: growing, whole, done, or to be tried again.

A file counts as whole when it was seen unchanged for a while. All that is known of it is given up
when it changes, so that new content under an old name is a new recording.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dalston_cli.pipeline.endpoints import FileStamp, FileVersion

FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 3600.0
"""Before what failed is tried again: each pause is twice as long as the one before."""


@dataclass
class _File:
    """One file: since when it is as it is, and what came of it."""

    version: FileVersion
    since: float
    handled: FileStamp | None = None
    failed: FileStamp | None = None
    failures: int = 0
    again_at: float = 0.0


class Arrivals:
    """What is known of the files of a folder.

    Args:
        settle_s: Seconds for which a whole file is seen unchanged.

    Attributes:
        growing: After ``due``: some files are not known to be whole yet.
        again_at: After ``due``: when the next one is tried again; None for no such file.
    """

    def __init__(self, settle_s: float) -> None:
        self.settle_s = settle_s
        self.growing = False
        self.again_at: float | None = None
        self._files: dict[str, _File] = {}

    def due(self, versions: Mapping[str, FileVersion], clock: float) -> list[str]:
        """Return the files that are whole and have to be worked on.

        Args:
            versions: Every file that is there now.
            clock: Now, in seconds from any beginning.
        """
        self._files = {name: one for name, one in self._files.items() if name in versions}
        self.growing, self.again_at = False, None
        return [name for name, version in versions.items() if self._is_due(name, version, clock)]

    def _is_due(self, name: str, version: FileVersion, clock: float) -> bool:
        file = self._files.setdefault(name, _File(version, clock))
        if file.version != version:
            file.version, file.since = version, clock
        if file.handled == version.stamp:
            return False
        if clock - file.since < self.settle_s:
            self.growing = True
            return False
        if file.failed == version.stamp and clock < file.again_at:
            self.again_at = min(self.again_at or file.again_at, file.again_at)
            return False
        return True

    def stamp(self, name: str) -> FileStamp:
        """Return the stamp of a file as ``due`` was told of it."""
        return self._files[name].version.stamp

    def handled(self, name: str, stamp: FileStamp) -> None:
        """Note that nothing is left to do for a file as long as it stays as it was."""
        if name in self._files:
            self._files[name].handled = stamp

    def failed(self, name: str, stamp: FileStamp, clock: float) -> None:
        """Note a failure that may pass: the file is due again after a pause."""
        if (file := self._files.get(name)) is None:
            return
        file.failures = file.failures + 1 if file.failed == stamp else 1
        file.failed = stamp
        pause_s = FIRST_PAUSE_S * 2 ** (file.failures - 1)
        file.again_at = clock + min(pause_s, LONGEST_PAUSE_S)
