"""Outputs in a folder on another machine.

What lies there is listed once. Later writes carry the condition that nothing has changed since,
where the store knows conditions, so that what another program wrote is never replaced.
"""

import time
from pathlib import Path

from dalston_cli.pipeline.endpoints import FileStamp
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.keys import digest_bytes
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import (
    RemoteConflictError,
    RemoteError,
    RemoteMissingError,
)
from dalston_cli.pipeline.remote.facts import Facts
from dalston_cli.pipeline.remote.filesystem import Condition
from dalston_cli.pipeline.remote.patience import patiently
from dalston_cli.pipeline.remote.silent_hosts import HOSTS
from dalston_cli.pipeline.remote.stores import store_of


def path_of(folder: Address) -> Path:
    """Return the path by which a folder on another machine is known here; no file has it."""
    return Path(folder.shown)


class RemotePlace:
    """Files below an address; their paths are below ``path_of`` of it."""

    def __init__(self, folder: Address) -> None:
        self._folder = folder
        self._root = path_of(folder)
        self._found: dict[str, Facts] | None = None

    @property
    def shown(self) -> str:
        """The folder, without secrets."""
        return self._folder.shown

    @property
    def has_conditions(self) -> bool:
        """True if another program's writing is noticed even at the same moment."""
        return store_of(self._folder).has_conditions

    def reference(self, path: Path) -> str:
        """Return the address, without secrets."""
        return self._address(path).shown

    def text(self, path: Path | str) -> str:
        """Return the address, without secrets."""
        return self._address(path).shown

    def exists(self, path: Path | str) -> bool:
        """Return True if something is there."""
        return self._name(path) in self._known()

    def stamp(self, path: Path | str) -> FileStamp | None:
        """Return the stamp of what is there; None for nothing.

        Where the store tells too little, the stamp is one that nothing else has: then the bytes
        are compared.
        """
        facts = self._known().get(self._name(path))
        if facts is None:
            return None
        unlike_any = FileStamp(size=-1, mtime_ns=time.time_ns(), inode=-1, device=-1)
        return facts.stamp or unlike_any

    def digest(self, path: Path, journal: Journal) -> str:
        """Return the digest of what is there; see ``OutputPlace``."""
        facts = self._known().get(self._name(path))
        stamp = None if facts is None else facts.stamp
        known = None if stamp is None else journal.known_digest(self.reference(path), stamp)
        if known is not None:
            return known
        digest = digest_bytes(self.read(path))
        stamp = self._known()[self._name(path)].stamp
        if stamp is not None:
            journal.remember_digest(self.reference(path), stamp, digest)
        return digest

    def read(self, path: Path) -> bytes:
        """Return what is there, and note what it is: a later write replaces only that."""
        address = self._address(path)
        store = store_of(address)
        facts = store.look(address)
        if facts is None:
            raise RemoteMissingError(address)
        data = b"".join(store.read(address))
        self._known()[self._name(path)] = facts
        return data

    def read_up_to(self, path: Path, most_bytes: int) -> bytes | None:
        """Return what is there; None where nothing is, or it is larger, or cannot be read."""
        facts = self._known().get(self._name(path))
        if facts is None or facts.size is None or facts.size > most_bytes:
            return None
        try:
            return self.read(path)
        except RemoteError:
            return None

    def write(self, path: Path, data: bytes, *, overwrite: bool) -> FileStamp:
        """Write in one step; see ``OutputPlace``.

        Raises:
            RemoteConflictError: Another program wrote there meanwhile.
            RemoteError: It cannot be written.
        """
        address, name = self._address(path), self._name(path)
        there = self._known().get(name)
        condition = Condition(there=there, any=overwrite)
        try:
            with HOSTS.asked(address):
                facts = patiently(lambda: store_of(address).write(address, data, condition))
        except RemoteConflictError:
            if self.read(path) != data:  # it may be our own, of an answer that was lost
                raise
            facts = self._known()[name]
        self._known()[name] = facts
        return self.stamp(path) or FileStamp(size=-1, mtime_ns=0, inode=-1, device=-1)

    def _known(self) -> dict[str, Facts]:
        """Return what is there by its path below the folder; it is listed at first."""
        if self._found is None:
            try:
                entries = store_of(self._folder).entries(
                    self._folder, recursive=True, unreadable=_pass_over
                )
                self._found = {one.path: one.facts for one in entries if not one.is_folder}
            except RemoteMissingError:
                self._found = {}
        return self._found

    def _name(self, path: Path | str) -> str:
        relative = Path(path).relative_to(self._root)
        return str(relative).encode(errors="surrogateescape").decode(errors="replace")

    def _address(self, path: Path | str) -> Address:
        return self._folder.below(self._name(path))


def _pass_over(folder: str, reason: str) -> None:
    """Go on without a folder that cannot be listed: each write looks at its own place again."""
    del folder, reason
