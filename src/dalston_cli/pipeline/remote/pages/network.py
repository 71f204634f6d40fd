"""Keeps a process from reaching private networks, whatever a page or a redirect names.

Every connection that Python makes is looked at, after its name was resolved: what is checked is
what is connected to. A user who names an address of a private network may mean it; a page of the
world may not lead there.
"""

import socket
import sys
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from dalston_cli.pipeline.remote.networks import is_public

_SCHEMES = frozenset({"http", "https", "data"})
_OWN_CONNECTIONS = "curl_cffi"
"""A library of yt-dlp's that connects by itself, so that nothing here sees it."""

_INTERNET = frozenset({socket.AF_INET, socket.AF_INET6})


class PrivateNetworkError(OSError):
    """A connection into a private network is refused."""


class OtherSchemeError(OSError):
    """An address is none of the web."""


class NetworkGuard:
    """Refuses addresses for the rest of this process.

    Attributes:
        refused: The host that was refused last; empty for none.
    """

    def __init__(self, named: str) -> None:
        """Look at what the user named.

        Args:
            named: If it lies in a private network, others there may be reached.
        """
        self.refused = ""
        self._inside = is_inside(named)
        self._proxies = _proxies()

    def install(self) -> None:
        """Look at every connection from now on."""
        sys.modules[_OWN_CONNECTIONS] = None  # type: ignore[assignment] # so it is not installed
        connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

        def checked_connect(sock: socket.socket, address: Any) -> None:  # noqa: ANN401 - as socket has it
            self._check(sock, address)
            connect(sock, address)

        def checked_connect_ex(sock: socket.socket, address: Any) -> int:  # noqa: ANN401 - likewise
            self._check(sock, address)
            return connect_ex(sock, address)

        socket.socket.connect = checked_connect  # type: ignore[assignment, method-assign] # that is the point
        socket.socket.connect_ex = checked_connect_ex  # type: ignore[assignment, method-assign] # likewise

    def check_url(self, url: str) -> None:
        """Look at an address before it is asked for: a proxy would resolve its name.

        Raises:
            OtherSchemeError, PrivateNetworkError: It may not be asked for.
        """
        parts = urlsplit(url)
        if parts.scheme.lower() not in _SCHEMES:
            raise OtherSchemeError(f"an address of {parts.scheme}: is not asked for")
        if not self._inside and parts.hostname and is_inside(url):
            raise self._refusal(parts.hostname)

    def _check(self, sock: socket.socket, address: Any) -> None:  # noqa: ANN401 - as socket has it
        if self._inside or sock.family not in _INTERNET:
            return
        host, port = str(address[0]), int(address[1])
        if (host, port) in self._proxies:
            return
        if not all(map(is_public, _addresses(host, port))):
            raise self._refusal(host)

    def _refusal(self, host: str) -> PrivateNetworkError:
        self.refused = host
        return PrivateNetworkError(f"{host} is in a private network")


def is_inside(url: str) -> bool:
    """Return True if any address of a URL's host is not one of the public internet."""
    try:
        parts = urlsplit(url)
        found = _addresses(parts.hostname or "", parts.port or 443)
    except (OSError, ValueError):
        return False  # a proxy may know it, or connecting says what is wrong
    return not all(map(is_public, found))


def _addresses(host: str, port: int) -> tuple[str, ...]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(str(each[4][0]) for each in found)


def _proxies() -> frozenset[tuple[str, int]]:
    """Return the addresses of the proxies that the user's variables name."""
    found: set[tuple[str, int]] = set()
    for url in getproxies().values():
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            port = parts.port or (443 if parts.scheme == "https" else 80)
            addresses = _addresses(parts.hostname or "", port)
        except (OSError, ValueError):
            continue  # the list of those without a proxy, or one that does not exist
        found |= {(address, port) for address in addresses} | {(parts.hostname or "", port)}
    return frozenset(found)
