"""Addresses that callers name: reached only where no machine of the server's own network is.

A name is resolved once, every address that it has is looked at, and the connection goes to one of
these, so that the name cannot mean another machine a moment later.
"""

import socket
from collections.abc import Callable, Sequence
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from dalston_cli.pipeline.remote.networks import is_public
from dalston_cli.server.errors import invalid

Resolve = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a name."""

_LONGEST = 2000
_PORTS = {"http": 80, "https": 443}


class Destination(Struct, frozen=True, kw_only=True):
    """Where a request goes.

    Attributes:
        host: The name, for the certificate and the header.
        address: What is connected to.
        path: With the query.
    """

    scheme: str
    host: str
    port: int
    address: str
    path: str

    @property
    def authority(self) -> str:
        """The host as a header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def resolved(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of a name.

    Raises:
        OSError: It has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def destination(
    url: str, param: str, *, allowed: frozenset[str] = frozenset(), resolve: Resolve = resolved
) -> Destination:
    """Return where a URL leads, if a caller may send the server there.

    Args:
        url: ``http`` or ``https``, without a user.
        param: The field that has it.
        allowed: Hosts of the server's own networks that its owner allows, as ``HOST:PORT``.
        resolve: Looks a name up.

    Raises:
        RequestRefusedError: It leads elsewhere, or nowhere.
    """
    parts = _split(url, param)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or _PORTS[parts.scheme]
    try:
        addresses = resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise invalid(f"{host} is not known", param) from error
    if not addresses:
        raise invalid(f"{host} is not known", param)
    if f"{host}:{port}" not in allowed and not all(map(is_public, addresses)):
        raise invalid(f"{host} is no machine of the internet", param)
    path = parts.path or "/"
    return Destination(
        scheme=parts.scheme,
        host=host,
        port=port,
        address=addresses[0],
        path=f"{path}?{parts.query}" if parts.query else path,
    )


def _split(url: str, param: str) -> SplitResult:
    refused = invalid("this is no http:// or https:// address without a user", param)
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise refused
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise refused from None
    named = parts.scheme in _PORTS and parts.hostname
    if not named or parts.username is not None or parts.password is not None or port == 0:
        raise refused
    return parts
