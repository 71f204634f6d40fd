"""A recording that a web page plays, as a source: found and fetched by yt-dlp."""

import hashlib
from pathlib import Path

from dalston_cli.pipeline.endpoints import FileStamp, Tell
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.facts import Facts
from dalston_cli.pipeline.remote.pages.exchange import FETCHED, Entry
from dalston_cli.pipeline.remote.pages.found import FoundEntry
from dalston_cli.pipeline.remote.pages.transfer import Transfer
from dalston_cli.pipeline.remote.recording import RemoteFile


class PageRecording(RemoteFile):
    """A recording that a web page plays.

    Args:
        entry: As it was found just now.
        named: The address that the user named.
    """

    def __init__(self, entry: Entry, named: Address) -> None:
        super().__init__(Address(entry.url))
        self._found = FoundEntry(entry, named)

    def __reduce__(self) -> tuple[type[RemoteFile], tuple[Address]]:
        """Go to other processes without secrets: they get a recording as a file."""
        return RemoteFile, (self.address,)

    @property
    def reference(self) -> str:
        """The address of its page, without secrets; with its place where that plays several."""
        return self._found.reference

    @property
    def num_bytes_fetched(self) -> int | None:
        """Its size; None where that is not known for sure."""
        return self._found.entry.size

    def stamp(self) -> FileStamp | None:
        """Return what changes when its bytes do; None where that cannot be told."""
        entry = self._found.entry
        if not entry.mark:
            return None
        digest = hashlib.sha256(entry.mark.encode()).digest()
        return FileStamp(
            size=entry.size or 0,
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
        if not self._found.is_fresh:
            await self._patiently(self._read, tell)

    async def fetch(self, folder: Path, tell: Tell, most_bytes: int) -> Path:
        """Save it in a folder that only this user can enter.

        Raises:
            RemoteError: It cannot be had, or not all of it came.
            RecordingChangedError: It was replaced meanwhile.
            OSError: There is no room for it.
        """
        transfer = Transfer(self._found, folder, most_bytes)
        try:
            await self._patiently(transfer.run, tell)
        finally:
            transfer.stop()
        return folder / FETCHED

    def _read(self) -> Facts:
        self._found.read_again()
        return Facts(size=self._found.entry.size)
