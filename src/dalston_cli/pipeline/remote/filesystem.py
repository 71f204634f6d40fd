"""Files on other machines through fsspec, which nothing else of Dalston imports.

Whatever the libraries raise becomes an error of ours here, without its cause: a cause's message may
hold a password, and tracebacks are shown and kept.
"""

import errno
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.remote import errors
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.facts import Facts

Unreadable = Callable[[str, str], None]
"""Takes a folder that cannot be listed, and the reason."""

BLOCK_BYTES = 1 << 20
_READ_AHEAD_BYTES = 16 << 20
_CONNECT_S = 20
_SILENCE_S = 60

_DENIED = frozenset({401, 403, 407})
_MISSING = frozenset({404, 410})
_MAY_PASS = frozenset({408, 425, 429})
_SERVER = 500
_REFUSALS = re.compile(
    r"Credential|Authentication|HostKey|Refresh|known_hosts|AccessDenied|Forbidden|InvalidAccessKey"
    r"|SignatureDoesNotMatch|ExpiredToken|No such authentication"
)
_MOST_SHOWN = 200
_CONDITIONAL = frozenset({"s3", "gs"})
_LIBRARIES = {
    "s3": "s3fs",
    "gs": "gcsfs",
    "https": "aiohttp",
    "http": "aiohttp",
    "sftp": "paramiko",
}


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
        # paramiko loses answers where two threads ask at once.
        self._alone = threading.RLock() if self._scheme == "sftp" else nullcontext()
        with explained(address):
            self.system = _open(address)

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

    def read(self, address: Address) -> Iterator[bytes]:
        """Yield a file's bytes in blocks.

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

    def forget(self) -> None:
        """Let go of what fsspec keeps for the next one who asks."""
        type(self.system).clear_instance_cache()

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
        except FileExistsError:
            raise errors.RemoteConflictError(address) from None
        except OSError as error:
            if error.errno == errno.ENOSYS:  # it speaks S3, but not this part of it
                self._put(self._path(address), data, {})
            elif error.errno == errno.EINVAL or _is_conflict(error):
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
        unfinished = f"{path}.dalston-{secrets.token_hex(8)}.part"
        self.system.makedirs(path.rpartition("/")[0], exist_ok=True)
        try:
            with self.system.ftp.open(unfinished, "wb") as file:
                file.write(data)
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


@contextmanager
def explained(address: Address) -> Iterator[None]:
    """Turn what libraries raise into an error of ours.

    Raises:
        RemoteError: It is one.
    """
    try:
        yield
    except (DalstonError, GeneratorExit):
        raise
    except Exception as error:  # noqa: BLE001 - every library has errors of its own
        raise _explained(error, address) from None


def _explained(error: BaseException, address: Address) -> DalstonError:
    if address.is_web and isinstance(error, FileNotFoundError) and error.__cause__ is not None:
        error = error.__cause__  # fsspec says so of every failure
    if isinstance(error, DalstonError):
        return error
    status = _status(error)
    reason = f"the server says {status}" if status else _reason(error, address)
    if status in _DENIED or _is_refusal(error):
        return errors.RemoteDeniedError(address, reason)
    if status in _MISSING or isinstance(error, FileNotFoundError):
        return errors.RemoteMissingError(address)
    may_pass = status == 0 or status in _MAY_PASS or status >= _SERVER
    return errors.RemoteUnreachableError(address, reason, may_pass=may_pass)


def _status(error: BaseException) -> int:
    """Return the status of HTTP that an error has; 0 where it has none."""
    own = vars(error)  # aiohttp warns where its class is asked
    return next((own[name] for name in ("status", "code") if isinstance(own.get(name), int)), 0)


def _is_conflict(error: BaseException) -> bool:
    return "PreconditionFailed" in str(error) or "ConditionalRequestConflict" in str(error)


def _is_refusal(error: BaseException) -> bool:
    """Return True if a store says that this user may not."""
    names = " ".join(kind.__name__ for kind in type(error).__mro__)
    return bool(isinstance(error, PermissionError) or _REFUSALS.search(f"{names} {error}"))


def _reason(error: BaseException, address: Address) -> str:
    """Return a library's message, without secrets."""
    if isinstance(error, OSError) and error.strerror and not isinstance(error, TimeoutError):
        text = error.strerror
    else:
        text = str(error)
    return address.hide(text)[:_MOST_SHOWN] or type(error).__name__


def _sorted_below(root: str, found: Mapping[str, Mapping[str, Any]]) -> Iterator[Entry]:
    """Yield a listing without the folder itself and without the objects that stand for folders."""
    prefix = root.rstrip("/") + "/"
    for name in sorted(found):
        path, info = name.removeprefix(prefix).strip("/"), found[name]
        if not name.startswith(prefix) or not path:
            continue
        is_folder = info["type"] == "directory" or name.endswith("/")
        yield Entry(path=path, is_folder=is_folder, facts=Facts.of(info, ""))


def check_support(scheme: str) -> Any:  # noqa: ANN401 - fsspec has no types
    """Return fsspec's class for a scheme.

    Raises:
        RemoteSupportError: A library is missing.
    """
    try:
        import fsspec  # noqa: PLC0415 - only where a URL is named
    except ImportError:
        raise errors.RemoteSupportError(scheme, "fsspec") from None
    try:
        if scheme == "sftp":
            from dalston_cli.pipeline.remote.sftp import CarefulSFTP  # noqa: PLC0415 - paramiko

            return CarefulSFTP
        return fsspec.get_filesystem_class(scheme)
    except ImportError:
        raise errors.RemoteSupportError(scheme, _LIBRARIES[scheme]) from None


def _open(address: Address) -> Any:  # noqa: ANN401 - fsspec has no types
    """Return fsspec's file system for an address; nothing that is listed is kept."""
    kind = check_support(address.scheme)
    return kind(use_listings_cache=False, **_OPTIONS[address.scheme](address))


def _s3(_: Address) -> dict[str, Any]:
    times = {"connect_timeout": _CONNECT_S, "read_timeout": _SILENCE_S}
    return {"config_kwargs": times}


def _web(_: Address) -> dict[str, Any]:
    from dalston_cli.pipeline.remote.web import make_session  # noqa: PLC0415 - imports aiohttp

    return {"get_client": make_session}


def _sftp(address: Address) -> dict[str, Any]:
    from dalston_cli.pipeline.remote.sftp import CarefulSFTP  # noqa: PLC0415 - imports paramiko

    # Not of the whole address: fsspec would take a part of the name for a query.
    return {"timeout": _CONNECT_S, **CarefulSFTP._get_kwargs_from_urls(address.top.url)}  # noqa: SLF001


def _nothing(_: Address) -> dict[str, Any]:
    return {}


_OPTIONS: Mapping[str, Callable[[Address], dict[str, Any]]] = {
    "s3": _s3,
    "gs": _nothing,
    "https": _web,
    "http": _web,
    "sftp": _sftp,
    "memory": _nothing,
}
