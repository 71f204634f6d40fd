"""The bytes of a recording that a page plays, on their way into a folder."""

import errno
import os
import shutil
import threading
from contextlib import closing
from pathlib import Path

from dalston_cli.pipeline.remote.errors import RemoteIncompleteError, SpoolLimitError
from dalston_cli.pipeline.remote.facts import Facts
from dalston_cli.pipeline.remote.pages.errors import PagePartMissingError, page_error
from dalston_cli.pipeline.remote.pages.exchange import FETCHED, Done, Failure, FetchEntry
from dalston_cli.pipeline.remote.pages.found import FoundEntry
from dalston_cli.pipeline.remote.pages.process import PageProcess

_STALE = frozenset({"denied", "missing"})


class Transfer:
    """Fetches a recording; ``stop`` may be called from any thread.

    Args:
        found: The recording.
        folder: Where it goes, as ``FETCHED``; only this user can enter it.
        most_bytes: More is too large, where its page does not say how large it is.
    """

    def __init__(self, found: FoundEntry, folder: Path, most_bytes: int) -> None:
        self._found = found
        self._folder = folder
        self._most = most_bytes
        self._stop = threading.Event()
        self._process: PageProcess | None = None

    def stop(self) -> None:
        """End it where it goes on."""
        self._stop.set()
        if self._process is not None:
            self._process.stop()

    def run(self) -> Facts:
        """Fetch all of it, once more where the address that the page gave has expired.

        Raises:
            RemoteError: It cannot be had, or not all of it came.
            RecordingChangedError: It was replaced meanwhile.
            OSError: There is no room for it.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        failure = self._fetch()
        if failure is not None and failure.kind in _STALE and not self._stop.is_set():
            self._found.read_again()
            failure = self._fetch()
        address, expected = self._found.address, self._found.entry.size
        if failure is not None and failure.kind == "missing":
            raise PagePartMissingError(address, failure.reason)
        if failure is not None:
            raise page_error(failure, address, self._most)
        size = (self._folder / FETCHED).stat().st_size
        if expected is not None and size != expected:
            raise RemoteIncompleteError(address, size, expected)
        return Facts(size=size)

    def _fetch(self) -> Failure | None:
        entry = self._found.entry
        self._check_room(entry.size)
        for left in self._folder.glob(f"{FETCHED}*"):  # of an attempt that broke off
            left.unlink()
        job = FetchEntry(
            named=self._found.named.url,
            info=entry.info,
            mark=entry.mark,
            folder=str(self._folder.absolute()),
            most_bytes=self._most if entry.size is None else entry.size,
        )
        self._process = PageProcess(job)
        if self._stop.is_set():
            return None
        with closing(self._process.replies()) as replies:
            for reply in replies:
                if isinstance(reply, Failure):
                    return reply
                if isinstance(reply, Done):
                    return None
        return Failure(kind="site", reason="it was stopped")

    def _check_room(self, size: int | None) -> None:
        if size is not None and size > self._most:
            raise SpoolLimitError(self._found.reference, size, self._most)
        if size is not None and shutil.disk_usage(self._folder).free < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._folder))
