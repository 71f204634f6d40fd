"""Files on other machines: all that is done with fsspec's file systems."""

import errno
import secrets
import shutil
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dalston_cli.pipeline.remote import errors
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.explaining import explained
from dalston_cli.pipeline.remote.facts import Facts
from dalston_cli.pipeline.remote.opening import close_system, open_system

Unreadable = Callable[[str, str], None]
"""Takes a folder that cannot be listed, and the reason."""

BLOCK_BYTES = 1 << 20
_READ_AHEAD_BYTES = 16 << 20

_ONE_AT_A_TIME = frozenset({"sftp", "memory"})
_CONDITIONAL = frozenset({"s3", "gs"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One file or folder of a listing, with its path below what was listed."""

    path: str
    is_folder: bool
    facts: Facts


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """The state of a file under which it may be written.

    Attributes:
        there: What was there when it was looked at; None for nothing.
        any: Whatever is there may be replaced.
    """

    there: Facts | None
    any: bool = False


class Store:
    """The files of one store or server. All of it blocks: it is called in threads.

    Attributes:
        system: fsspec's file system.
    """

    def __init__(self, address: Address) -> None:
        """Load the libraries, and connect where a store has connections.

        Raises:
            RemoteSupportError: A library is missing.
            RemoteError: There is no connection.
        """
        self._scheme = address.scheme
        # paramiko loses answers where two threads ask at once; fsspec's memory knows no threads.
        self._alone = threading.RLock() if self._scheme in _ONE_AT_A_TIME else nullcontext()
        with explained(address):
            self.system = open_system(address)

    def look(self, address: Address) -> Facts | None:
        """Return what is known of a file; None for a folder.

        Raises:
            RemoteError: There is none, or it cannot be reached.
        """
        with explained(address), self._alone:
            info = self.system.info(self._path(address))
        return None if info["type"] == "directory" else Facts.of(info, address.url)

    def entries(
        self, address: Address, *, recursive: bool, unreadable: Unreadable | None = None
    ) -> Iterator[Entry]:
        """Yield what is in a folder, sorted by path.

        Args:
            address: The folder.
            recursive: Include folders below.
            unreadable: Takes a folder below that cannot be listed, and why; None to go no further.

        Raises:
            RemoteError: It cannot be listed.
        """
        root = self._path(address)
        with explained(address), self._alone, self._told(unreadable):
            found = self.system.find(
                root, maxdepth=None if recursive else 1, withdirs=True, detail=True
            )
        yield from _sorted_below(root, found)

    def matches(self, folder: Address, pattern: str, unreadable: Unreadable) -> Iterator[Entry]:
        """Yield what matches a pattern below a folder, sorted by path; see ``entries``.

        Raises:
            RemoteError: It cannot be listed.
        """
        root = self._path(folder)
        with explained(folder), self._alone, self._told(unreadable):
            found = self.system.glob(f"{root}/{pattern}", detail=True)
        yield from _sorted_below(root, found)

    def read(self, address: Address) -> Generator[bytes, None, None]:
        """Yield a file's bytes in blocks; must be closed by a caller that stops before the end.

        Raises:
            RemoteError: They end early, or do not come.
        """
        how = (
            {"block_size": 0}  # one request for all of it
            if address.is_web
            else {"block_size": _READ_AHEAD_BYTES}
        )
        opened = partial(self.system.open, self._path(address), "rb", **how)
        with explained(address), self._alone, opened() as file:
            if self._scheme == "sftp":
                file.prefetch()
            while block := file.read(BLOCK_BYTES):
                yield bytes(block)

    def content(self, address: Address, most_bytes: int) -> bytes | None:
        """Return the bytes of a small file, no more than ``most_bytes``; None where there is none.

        Raises:
            RemoteError: They do not come.
        """
        try:
            if self._scheme == "sftp":
                return b"".join(self.read(address))[:most_bytes]
            # Google's library would ask for parts that a small file does not have.
            part = {"start": 0, "end": most_bytes} if self._scheme == "s3" else {}
            with explained(address), self._alone:
                data: bytes = self.system.cat_file(self._path(address), **part)
        except errors.RemoteMissingError:
            return None
        except errors.RemoteUnreachableError:
            facts = self.look(address)
            if facts is None or facts.size != 0:  # an empty file has no part that can be asked for
                raise
            return b""
        return data[:most_bytes]

    def remove(self, address: Address) -> None:
        """Remove a file, or nothing where it is gone.

        Raises:
            RemoteError: It cannot be removed.
        """
        path = self._path(address)
        with explained(address), self._alone:
            try:
                self.system.rm_file(path)
            except OSError:  # servers differ in how they say that it is gone
                if self._is_there(path):
                    raise

    def forget(self) -> None:
        """Let go of what fsspec keeps for the next one who asks."""
        type(self.system).clear_instance_cache()
        if self._scheme == "sftp":
            self.system.client.close()
        else:
            close_system(self.system)

    @property
    def has_conditions(self) -> bool:
        """True if a write can be refused by the store itself; else it is looked at just before."""
        return self._scheme in _CONDITIONAL

    def write(self, address: Address, data: bytes, condition: Condition) -> Facts:
        """Write a file in one step, and return what is known of it then.

        Raises:
            RemoteConflictError: The condition is not met.
            RemoteError: It cannot be written.
        """
        path = self._path(address)
        with explained(address), self._alone:
            if condition.any:
                self._put(path, data, {})
            else:
                self._check(address, condition)  # some stores accept a condition and ignore it
                self._put_guarded(address, data, self._guarded(condition))
            return self._facts_after(address)

    def send(self, address: Address, path: Path) -> None:
        """Write a large file of this machine, of which others see all or nothing.

        Raises:
            RemoteError: It cannot be written.
        """
        with explained(address), self._alone:
            if self._scheme != "sftp":
                self.system.put_file(str(path), self._path(address))
                return
            with path.open("rb") as read, self._finished(self._path(address)) as file:
                file.set_pipelined(pipelined=True)  # else each 32 KB wait for an answer
                shutil.copyfileobj(read, file, BLOCK_BYTES)

    def create(self, address: Address, data: bytes) -> bool:
        """Write a small file where there is none, and let the store itself decide that.

        Returns:
            False where one is there.

        Raises:
            NoConditionsError: The store does not know such a condition.
            RemoteError: It cannot be written.
        """
        with explained(address), self._alone:
            try:
                if self._scheme == "sftp":
                    self._create_by_sftp(self._path(address), data)
                else:
                    self._put(self._path(address), data, {"mode": "create"})
            except OSError as error:
                if error.errno == errno.ENOSYS:
                    raise errors.NoConditionsError(address) from None
                if not _is_conflict(error):
                    raise
                return False
        return True

    def _create_by_sftp(self, path: str, data: bytes) -> None:
        """Write a file; raise FileExistsError where there is one.

        Servers answer with a failure of any kind: some do so where the file is there.
        """
        try:
            with self.system.ftp.open(path, "wx") as file:
                file.write(data)
        except FileNotFoundError:
            self.system.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._create_by_sftp(path, data)
        except OSError:
            if self._is_there(path):
                raise FileExistsError(errno.EEXIST, "it exists") from None
            raise

    def _is_there(self, path: str) -> bool:
        """Return True if a file is there; fsspec's ``exists`` denies what it cannot ask for."""
        try:
            self.system.info(path)
        except FileNotFoundError:
            return False
        return True

    def _guarded(self, condition: Condition) -> dict[str, str]:
        """Return the condition as the store's library takes it; nothing where it has none."""
        if condition.there is None:
            return {"mode": "create"} if self.has_conditions else {}
        if self._scheme == "s3" and condition.there.version:
            return {"IfMatch": condition.there.version}
        return {}

    def _put_guarded(self, address: Address, data: bytes, how: dict[str, str]) -> None:
        try:
            self._put(self._path(address), data, how)
        except OSError as error:
            if error.errno == errno.ENOSYS:  # it speaks S3, but not this part of it
                self._put(self._path(address), data, {})
            elif _is_conflict(error):
                raise errors.RemoteConflictError(address) from None
            else:
                raise

    def _check(self, address: Address, condition: Condition) -> None:
        try:
            now = Facts.of(self.system.info(self._path(address)), address.url)
        except FileNotFoundError:
            now = None
        is_same = now.is_same(condition.there) if now and condition.there else now is None
        if not is_same:
            raise errors.RemoteConflictError(address)

    def _put(self, path: str, data: bytes, how: dict[str, str]) -> None:
        if self._scheme != "sftp":
            self.system.pipe_file(path, data, **how)
            return
        with self._finished(path) as file:
            file.write(data)

    @contextmanager
    def _finished(self, path: str) -> Iterator[Any]:
        """Open a file by SFTP that others see when all of it is written."""
        unfinished = f"{path}.dalston-{secrets.token_hex(8)}.part"
        self.system.makedirs(path.rpartition("/")[0], exist_ok=True)
        try:
            with self.system.ftp.open(unfinished, "wb") as file:
                yield file
            self.system.ftp.posix_rename(unfinished, path)
        except Exception:
            with suppress(OSError):
                self.system.ftp.remove(unfinished)
            raise

    def _facts_after(self, address: Address) -> Facts:
        return Facts.of(self.system.info(self._path(address)), address.url)

    @contextmanager
    def _told(self, unreadable: Unreadable | None) -> Iterator[None]:
        """Have folders told that cannot be listed; stores of objects have one listing for all."""
        if self._scheme != "sftp":
            yield
            return
        self.system.unreadable = unreadable
        try:
            yield
        finally:
            self.system.unreadable = None

    def _path(self, address: Address) -> str:
        if self._scheme == "sftp":  # fsspec would take what follows "?" for a query
            return f"/{address.path}".rstrip("/") or "/"
        return str(self.system._strip_protocol(address.url))  # noqa: SLF001 - what its own functions use


def _is_conflict(error: OSError) -> bool:
    """Return True if a store did not write because its condition was not met."""
    if isinstance(error, FileExistsError) or error.errno == errno.EINVAL:
        return True
    return "PreconditionFailed" in str(error) or "ConditionalRequestConflict" in str(error)


def _sorted_below(root: str, found: Mapping[str, Mapping[str, Any]]) -> Iterator[Entry]:
    """Yield a listing without the folder itself and without the objects that stand for folders."""
    prefix = root.rstrip("/") + "/"
    for name in sorted(found):
        path, info = name.removeprefix(prefix).strip("/"), found[name]
        if not name.startswith(prefix) or not path:
            continue
        is_folder = info["type"] == "directory" or name.endswith("/")
        yield Entry(path=path, is_folder=is_folder, facts=Facts.of(info, ""))
