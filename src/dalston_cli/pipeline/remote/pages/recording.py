"""A recording that a web page plays, as a source: found and fetched by yt-dlp."""

import errno
import hashlib
import os
import shutil
import threading
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from dalston_cli.pipeline.endpoints import FileStamp, Tell
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import RemoteIncompleteError, SpoolLimitError
from dalston_cli.pipeline.remote.facts import Facts
from dalston_cli.pipeline.remote.pages.errors import PagePartMissingError, page_error
from dalston_cli.pipeline.remote.pages.exchange import (
    FETCHED,
    Done,
    Entry,
    Failure,
    FetchEntry,
    ReadPage,
)
from dalston_cli.pipeline.remote.pages.process import PageProcess
from dalston_cli.pipeline.remote.recording import RemoteFile

_FRESH_S = 900.0
"""Sites let an address of a recording expire after hours."""

_STALE = frozenset({"denied", "missing"})


def page_of(entry: Entry) -> str:
    """Return the address of an entry's page as people may see it.

    A query that names the entry is a part of the name; all others are left out.
    """
    address = Address(entry.url)
    query = entry.url.partition("#")[0].partition("?")[2]
    naming = [pair for pair in parse_qsl(query) if pair[1] == entry.identity]
    if not naming:
        return address.shown
    return f"{Address(entry.url.partition('?')[0]).shown}?{urlencode(naming)}"


class PageRecording(RemoteFile):
    """A recording that a web page plays.

    Args:
        entry: As it was found just now.
        named: The address that the user named.
    """

    def __init__(self, entry: Entry, named: Address) -> None:
        super().__init__(Address(entry.url))
        self._entry = entry
        self._named = named
        self._found_s = time.monotonic()

    def __reduce__(self) -> tuple[type[RemoteFile], tuple[Address]]:
        """Go to other processes without secrets: they get a recording as a file."""
        return RemoteFile, (self.address,)

    @property
    def reference(self) -> str:
        """The address of its page, without secrets; with its place where that plays several."""
        page = page_of(self._entry)
        return f"{page}#{self._entry.number}" if self._entry.number else page

    @property
    def num_bytes_fetched(self) -> int | None:
        """Its size; None where that is not known for sure."""
        return self._entry.size

    def stamp(self) -> FileStamp | None:
        """Return what changes when its bytes do; None where that cannot be told."""
        if not self._entry.mark:
            return None
        digest = hashlib.sha256(self._entry.mark.encode()).digest()
        return FileStamp(
            size=self._entry.size or 0,
            mtime_ns=0,
            inode=int.from_bytes(digest[:7]),
            device=int.from_bytes(digest[7:14]),
        )

    async def look(self, tell: Tell) -> None:
        """Read its page again, where that was long ago.

        Raises:
            RemoteError: It is gone, or cannot be had.
            PageSupportError: yt-dlp is not installed.
        """
        if self._entry.failure is None and time.monotonic() - self._found_s < _FRESH_S:
            return
        await self._patiently(self._read, tell)

    async def fetch(self, folder: Path, tell: Tell, most_bytes: int) -> Path:
        """Save it in a folder that only this user can enter.

        Raises:
            RemoteError: It cannot be had, or not all of it came.
            RecordingChangedError: It was replaced meanwhile.
            OSError: There is no room for it.
        """
        transfer = _Transfer(self, folder, most_bytes)
        try:
            await self._patiently(transfer.run, tell)
        finally:
            transfer.stop()
        return folder / FETCHED

    def _read(self) -> Facts:
        """Read its page, and take what that says now."""
        job = ReadPage(url=self._entry.url, named=self._named.url, only=self._entry.identity)
        with closing(PageProcess(job).replies()) as replies:
            answer = next(replies, None)
        if isinstance(answer, Entry):
            self._entry, self._found_s = answer, time.monotonic()
            answer = answer.failure
        if isinstance(answer, Failure):
            raise page_error(answer, self.address)
        return Facts(size=self._entry.size)


class _Transfer:
    """The bytes of a recording on their way."""

    def __init__(self, source: PageRecording, folder: Path, most_bytes: int) -> None:
        self._source = source
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
        """Fetch all of it, once more where the address that the page gave has expired."""
        self._folder.mkdir(parents=True, exist_ok=True)
        failure = self._fetch()
        if failure is not None and failure.kind in _STALE and not self._stop.is_set():
            self._source._read()  # noqa: SLF001 - the other half of one thing
            failure = self._fetch()
        if failure is not None and failure.kind == "missing":
            raise PagePartMissingError(self._source.address, failure.reason)
        if failure is not None:
            raise page_error(failure, self._source.address, self._most)
        entry, path = self._source._entry, self._folder / FETCHED  # noqa: SLF001 - likewise
        size = path.stat().st_size
        if entry.size is not None and size != entry.size:
            raise RemoteIncompleteError(self._source.address, size, entry.size)
        return Facts(size=size)

    def _fetch(self) -> Failure | None:
        entry = self._source._entry  # noqa: SLF001 - likewise
        self._check_room(entry.size)
        for left in self._folder.glob(f"{FETCHED}*"):  # of an attempt that broke off
            left.unlink()
        job = FetchEntry(
            named=self._source._named.url,  # noqa: SLF001 - likewise
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
            raise SpoolLimitError(self._source.reference, size, self._most)
        if size is not None and shutil.disk_usage(self._folder).free < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._folder))
