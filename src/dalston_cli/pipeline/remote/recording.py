"""A recording on another machine: looked at before it is fetched, and fetched as a whole or not."""

import asyncio
import errno
import os
import secrets
import shutil
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from dalston_cli.amounts import duration
from dalston_cli.atomic_file import new_file
from dalston_cli.audio.errors import RecordingChangedError
from dalston_cli.pipeline.endpoints import FileStamp, FileVersion, Source, Tell, in_daemon_thread
from dalston_cli.pipeline.remote import patience
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import (
    RemoteError,
    RemoteIncompleteError,
    RemoteMissingError,
    RemotePageError,
    SpoolLimitError,
)
from dalston_cli.pipeline.remote.facts import Facts
from dalston_cli.pipeline.remote.silent_hosts import HOSTS
from dalston_cli.pipeline.remote.stores import store_of

PAGES = frozenset({"application/xhtml+xml", "text/html"})
"""Media types of pages, which are no recordings."""


class RemoteFile:
    """A file on another machine.

    What it is known by is what the store said when it was looked at last: nothing here asks the
    network but ``look`` and ``fetch``.
    """

    def __init__(self, address: Address, facts: Facts | None = None) -> None:
        self.address = address
        self._facts = facts

    def __repr__(self) -> str:
        return f"RemoteFile({self.address.shown!r})"

    @property
    def reference(self) -> str:
        """Its address, without secrets."""
        return self.address.shown

    @property
    def num_bytes_fetched(self) -> int | None:
        """Its size; None where the store does not tell."""
        return None if self._facts is None else self._facts.size

    def stamp(self) -> FileStamp | None:
        """Return what changes when its bytes do; None where that cannot be told."""
        return None if self._facts is None else self._facts.stamp

    def version(self) -> FileVersion | None:
        """Return what changes when its bytes do, as it was looked at or fetched last."""
        stamp = self.stamp()
        return None if stamp is None else FileVersion(stamp=stamp, changed_ns=0)

    async def look(self, tell: Tell) -> None:
        """Ask the store what it has now; what a listing said of it may be hours old.

        Raises:
            RemoteError: It is not there, or cannot be reached.
        """
        self._facts = await self._patiently(self._look, tell)
        if self._facts.media_type in PAGES:
            raise RemotePageError(self.address)
        if self._facts.url and (target := Address(self._facts.url)).host != self.address.host:
            tell("redirected", f"{self.reference} is fetched from {target.shown}")

    async def fetch(self, folder: Path, tell: Tell, most_bytes: int) -> Path:
        """Save it in a folder that only this user can enter.

        Raises:
            RemoteError: It cannot be had, or not all of it came.
            RecordingChangedError: It was replaced meanwhile.
            OSError: There is no room for it.
        """
        # A name of its own: the thread of a fetch that was cancelled may still be under way.
        path = folder / f"fetched-{secrets.token_hex(4)}"
        stop = threading.Event()
        try:
            await self._patiently(lambda: self._fetch(path, most_bytes, stop), tell)
        finally:
            stop.set()
        return path

    async def _patiently(self, ask: Callable[[], Facts], tell: Tell) -> Facts:
        """Ask in a thread, and again where the failure may pass."""
        with HOSTS.asked(self.address):
            for pause_s in patience.PAUSES_S:
                try:
                    return await in_daemon_thread(ask)
                except RemoteError as error:
                    if not error.may_pass:
                        raise
                    tell("retried", f"{error.message}; tried again in {duration(pause_s)}")
                await asyncio.sleep(pause_s)
            return await in_daemon_thread(ask)

    def _look(self) -> Facts:
        facts = store_of(self.address).look(self.address)
        if facts is None:
            raise RemoteMissingError(self.address)
        return facts

    def _fetch(self, path: Path, most_bytes: int, stop: threading.Event) -> Facts:
        """Save all bytes, and return what the store says of them before and after."""
        facts = self._unchanged()
        if stop.is_set():  # what the folder has is removed
            return facts
        path.parent.mkdir(parents=True, exist_ok=True)
        if facts.size is not None and shutil.disk_usage(path.parent).free < facts.size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path.parent))
        most_bytes = most_bytes if facts.size is None else facts.size
        got = 0
        with new_file(path) as file, closing(store_of(self.address).read(self.address)) as blocks:
            for block in blocks:
                got += len(block)
                if stop.is_set() or got > most_bytes:
                    break
                file.write(block)
        if facts.size is None and got > most_bytes:
            raise SpoolLimitError(self.reference, got, most_bytes)
        if facts.size is not None and got != facts.size:
            raise RemoteIncompleteError(self.address, got, facts.size)
        return self._unchanged()

    def _unchanged(self) -> Facts:
        """Return what the store says now.

        Raises:
            RecordingChangedError: It said something else before.
        """
        before, now = self._facts, self._look()
        if before is not None and now.is_same(before):
            return before
        self._facts = now
        if before is not None:
            raise RecordingChangedError(self.reference)
        return now


def address_of(source: Source) -> Address | None:
    """Return the address that a source is at; None where it is on this machine."""
    return source.address if isinstance(source, RemoteFile) else None
