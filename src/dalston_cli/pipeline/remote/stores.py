"""The stores that this process has opened: one for each host and user."""

import threading

from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.filesystem import Store

_stores: dict[str, Store] = {}
_opening = threading.Lock()


def store_of(address: Address) -> Store:
    """Return the store that an address is in.

    Raises:
        RemoteSupportError: Its libraries are not installed.
        RemoteError: It cannot be reached.
    """
    place = address.url.partition("://")[2].partition("/")[0] if address.scheme == "sftp" else ""
    key = f"{address.scheme}://{place}"
    with _opening:
        if key not in _stores:
            _stores[key] = Store(address)
        return _stores[key]


def forget_all() -> None:
    """Close what is open, so that variables are read anew."""
    with _opening:
        for store in _stores.values():
            store.forget()
        _stores.clear()
