"""The stores that this process has opened: one for each host and user, and for each use of them."""

import threading
from contextlib import suppress

from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import RemoteDeniedError, RemoteMissingError
from dalston_cli.pipeline.remote.filesystem import Store
from dalston_cli.pipeline.remote.silent_hosts import HOSTS

_stores: dict[str, Store] = {}
_opening = threading.Lock()


def store_of(address: Address, use: str = "") -> Store:
    """Return the store that an address is in.

    Args:
        address: Of any file in it.
        use: What shall not wait for other uses, where a connection does one thing at a time.

    Raises:
        RemoteSupportError: Its libraries are not installed.
        RemoteError: It cannot be reached.
    """
    key = _key(address, use)
    with _opening:
        if key not in _stores:
            _stores[key] = Store(address)
        return _stores[key]


def reconnect(address: Address, use: str = "") -> None:
    """Let the next one who asks for a store get a new connection, where it has connections."""
    if address.scheme == "sftp":
        with _opening:
            store = _stores.pop(_key(address, use), None)
        if store is not None:
            store.forget()


def _key(address: Address, use: str) -> str:
    if address.scheme != "sftp":
        return f"{address.scheme}://"
    return f"sftp://{address.url.partition('://')[2].partition('/')[0]} {use}"


def forget_all() -> None:
    """Close what is open, so that variables are read anew and every host is asked again."""
    HOSTS.forget()
    with _opening:
        for store in _stores.values():
            store.forget()
        _stores.clear()


def check_reachable(folder: Address) -> None:
    """Check, before hours of work, that a folder can be looked at.

    Raises:
        RemoteSupportError: Its libraries are not installed.
        RemoteError: It cannot.
    """
    store = store_of(folder)
    with suppress(RemoteMissingError):  # it is made with the first file
        store.look(folder)
        return
    if store.has_conditions:  # it has buckets, and nothing makes one that is missing
        with suppress(RemoteDeniedError):
            store.look(folder.top)
