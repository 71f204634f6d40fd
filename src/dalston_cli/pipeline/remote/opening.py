"""Open and close fsspec's file systems, which nothing else of Dalston imports."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from dalston_cli.pipeline.remote import errors
from dalston_cli.pipeline.remote.address import Address

_CONNECT_S = 20
_SILENCE_S = 60
_CLOSE_S = 5.0
_LIBRARIES = {
    "s3": "s3fs",
    "gs": "gcsfs",
    "https": "aiohttp",
    "http": "aiohttp",
    "sftp": "paramiko",
}


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


def open_system(address: Address) -> Any:  # noqa: ANN401 - fsspec has no types
    """Return fsspec's file system for an address; nothing that is listed is kept."""
    kind = check_support(address.scheme)
    return kind(use_listings_cache=False, **_OPTIONS[address.scheme](address))


def close_system(system: Any) -> None:  # noqa: ANN401 - fsspec's, which has no types
    """Close the connections that S3's or the web's file system keeps.

    Both do so by themselves when they are collected, but give it 0.1 s: on a machine with much to
    do they stay open.
    """
    from fsspec.asyn import sync  # noqa: PLC0415 - heavy

    client, session = (getattr(system, name, None) for name in ("_s3", "_session"))
    with suppress(TimeoutError):
        if client is not None:
            sync(system.loop, client.__aexit__, None, None, None, timeout=_CLOSE_S)
        elif session is not None and hasattr(session, "closed"):
            sync(system.loop, session.close, timeout=_CLOSE_S)


def _s3(_: Address) -> dict[str, Any]:
    times = {"connect_timeout": _CONNECT_S, "read_timeout": _SILENCE_S}
    return {"config_kwargs": times}


def _web(_: Address) -> dict[str, Any]:
    from dalston_cli.pipeline.remote.web import make_session  # noqa: PLC0415 - imports aiohttp

    return {"get_client": make_session}


def _sftp(address: Address) -> dict[str, Any]:
    from dalston_cli.pipeline.remote.sftp import CarefulSFTP  # noqa: PLC0415 - imports paramiko

    # Not of the whole address: fsspec would take a part of the name for a query.
    named = CarefulSFTP._get_kwargs_from_urls(address.top.url)  # noqa: SLF001
    times = {"timeout": _CONNECT_S, "banner_timeout": _SILENCE_S, "auth_timeout": _SILENCE_S}
    return {**times, "skip_instance_cache": True, **named}


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
