"""The stage store on another machine, which several machines may share.

Its files are those of ``FileStore``, below an address, so that one can be copied to the other.
Nothing that cannot be trusted is used: it is told, and made again.
"""

import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from msgspec import Struct

from dalston_cli.errors import UnavailableError
from dalston_cli.pipeline.endpoints import Tell, in_daemon_thread
from dalston_cli.pipeline.records.entry import (
    UNREADABLE,
    StoredFile,
    StoredSize,
    Value,
    about,
    decode,
    encode,
)
from dalston_cli.pipeline.records.journal_errors import JournalError
from dalston_cli.pipeline.records.result_cache import ResultCache
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import NoConditionsError, RemoteError, RemoteMissingError
from dalston_cli.pipeline.remote.filesystem import Condition, Entry, Store
from dalston_cli.pipeline.remote.patience import patiently
from dalston_cli.pipeline.remote.stores import reconnect, store_of

USE = "results"
"""Recordings from the same machine have a connection of their own: they may take minutes."""

_NAME = re.compile(r"[0-9a-f]{2}/([0-9a-f]{64})\.json")
_BESIDES = re.compile(r"^(claims|holders|runs)/|\.part$")
_ABANDONED_S = 86_400.0
_MOST_BYTES = 1 << 28
"""Of one result; what is larger is none of ours."""

_ANY = Condition(there=None, any=True)
Found = TypeVar("Found")
Answer = TypeVar("Answer")


class StoreUnusableError(JournalError, UnavailableError):
    """Results cannot be kept where they are to be kept: the run cannot go on."""

    code = "store_unusable"

    def __init__(self, folder: Address, error: RemoteError) -> None:
        super().__init__(
            f"the store of results {folder.shown} cannot be used: {error.message}", hint=error.hint
        )


class RemoteStore:
    """A store below an address.

    Attributes:
        folder: The address.
        place: The same for people.
    """

    def __init__(
        self, folder: Address, cache: Path, tell: Tell, *, is_listed: bool = False
    ) -> None:
        """Open a store.

        Args:
            folder: Where it is.
            cache: The folder of caches on this machine.
            tell: Takes warnings.
            is_listed: List it once, and ask for nothing that is not there.
        """
        self.place = folder.shown
        self.folder = folder
        self._cache = ResultCache(cache, folder.shown)
        self._tell = tell
        self._is_listed = is_listed
        self._keys: frozenset[str] | None = None

    def get(self, key: str, kind: type[Value]) -> Value | None:
        """Return the value under ``key``, or None if there is none that can be trusted.

        Raises:
            StoreUnusableError: It cannot be asked.
        """
        known = self._cache.get(key, kind)
        if known is not None or not self._may_have(key):
            return known
        address = self._address(key)
        data = self.ask(partial(_content, address))
        if data is None:
            return None
        try:
            value = decode(data, key, kind)
        except UNREADABLE:
            self._tell(
                "stored_result_damaged",
                f"{address.shown} is torn or was changed, and is not used: it is made again",
            )
            return None
        self._cache.keep(key, data)
        return value

    async def look_up(self, ask: Callable[[Self], Found]) -> Found:
        """Return what ``ask`` finds here; it waits for the network, and others do not."""
        return await in_daemon_thread(partial(ask, self))

    async def keep(
        self, key: str, value: Struct, *, of: tuple[str, ...] = (), costly: bool = True
    ) -> None:
        """Keep ``value``; see ``ResultStore``.

        Raises:
            StoreUnusableError: It cannot be written.
        """
        del costly  # it is kept by another machine
        await in_daemon_thread(partial(self.put, key, value, of=of))

    def put(self, key: str, value: Struct, *, of: tuple[str, ...] = ()) -> None:
        """Keep ``value`` before it returns; see ``keep``."""
        data, address = encode(key, value, of), self._address(key)
        self.ask(lambda store: store.write(address, data, _ANY))
        self._cache.keep(key, data)

    def sizes(self) -> Iterator[StoredSize]:
        """Yield the size and age of every value.

        Raises:
            StoreUnusableError: It cannot be listed.
        """
        for entry in self.ask(partial(_listed, self.folder)):
            if found := _NAME.fullmatch(entry.path):
                facts = entry.facts
                yield StoredSize(
                    key=found[1],
                    size_bytes=facts.size or 0,
                    stored_at=(facts.mtime_ns or 0) / 1e9,
                )

    def files(self) -> Iterator[StoredFile]:
        """Yield every value with what it is about; each is fetched whole.

        Raises:
            StoreUnusableError: It cannot be read.
        """
        for key in [each.key for each in self.sizes()]:
            data = self.ask(partial(_content, self._address(key)))
            if data is not None:
                yield about(key, data)

    def remove(self, key: str) -> None:
        """Remove a value and its copy here; one that is gone is no error.

        Raises:
            OSError, StoreUnusableError: It cannot be removed.
        """
        address = self._address(key)
        self._cache.remove(key)
        self.ask(lambda store: store.remove(address))

    def remove_abandoned(self) -> None:
        """Remove claims, marks and halves of files that are older than a day.

        Raises:
            StoreUnusableError: They cannot be removed.
        """
        before = (time.time() - _ABANDONED_S) * 1e9
        for entry in self.ask(partial(_listed, self.folder)):
            is_old = entry.facts.mtime_ns is not None and entry.facts.mtime_ns < before
            if is_old and not entry.is_folder and _BESIDES.search(entry.path):
                self.ask(partial(_removed, self.folder.below(entry.path)))

    def ask(self, do: Callable[[Store], Answer]) -> Answer:
        """Return what ``do`` returns, tried again where a failure may pass.

        Raises:
            NoConditionsError: The store does not know a condition.
            StoreUnusableError: It fails.
        """
        try:
            return patiently(
                lambda: do(store_of(self.folder, USE)), lambda: reconnect(self.folder, USE)
            )
        except NoConditionsError:
            raise
        except RemoteError as error:
            raise StoreUnusableError(self.folder, error) from None

    def _may_have(self, key: str) -> bool:
        if not self._is_listed:
            return True
        if self._keys is None:
            self._keys = frozenset(each.key for each in self.sizes())
        return key in self._keys

    def _address(self, key: str) -> Address:
        return self.folder.below(f"{key[:2]}/{key}.json")


def _removed(address: Address, store: Store) -> None:
    store.remove(address)


def _content(address: Address, store: Store) -> bytes | None:
    return store.content(address, _MOST_BYTES)


def _listed(folder: Address, store: Store) -> list[Entry]:
    try:
        return [*store.entries(folder, recursive=True)]
    except RemoteMissingError:  # it is made with the first result
        return []
