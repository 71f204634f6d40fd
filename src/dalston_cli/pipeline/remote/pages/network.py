"""Keeps a process from reaching private networks, whatever a page or a redirect names.

Every connection that Python makes is looked at, after its name was resolved: what is checked is
what is connected to. A user who names an address of a private network may mean it; a page of the
world may not lead there. Redirects are looked at before they are followed: none leads from an
address with encryption to one without.
"""

import socket
import sys
from http.client import HTTPMessage
from typing import IO, Any
from urllib.error import URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, getproxies

from dalston_cli.pipeline.remote.networks import is_public

_SCHEMES = frozenset({"http", "https", "data"})
_OWN_CONNECTIONS = "curl_cffi"
"""A library of yt-dlp's that connects by itself, so that nothing here sees it."""

_REDIRECTS = (301, 302, 303, 307, 308)
_INTERNET = frozenset({socket.AF_INET, socket.AF_INET6})


class PrivateNetworkError(OSError):
    """A connection into a private network is refused.

    Attributes:
        host: What lies there.
    """

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} is in a private network")
        self.host = host


class OtherSchemeError(OSError):
    """An address is none of the web."""


class UnencryptedError(OSError):
    """A redirect from an address with encryption to one without is refused.

    Attributes:
        target: Where it leads; may hold secrets.
    """

    def __init__(self, target: str) -> None:
        super().__init__("a redirect leads to an address without encryption")
        self.target = target


class NetworkGuard:
    """Refuses addresses for the rest of this process.

    Attributes:
        refused: What was refused last; None for nothing.
    """

    def __init__(self, named: str) -> None:
        """Look at what the user named.

        Args:
            named: If it lies in a private network, others there may be reached.
        """
        self.refused: PrivateNetworkError | UnencryptedError | None = None
        self._inside = is_inside(named)
        self._proxies = _proxies()

    def install(self) -> None:
        """Look at every connection and redirect from now on; yt-dlp is to be loaded after it."""
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
        self._look_at_redirects()

    def _look_at_redirects(self) -> None:
        follow = HTTPRedirectHandler.http_error_302

        def checked_follow(
            handler: HTTPRedirectHandler,
            request: Request,
            answer: IO[bytes],
            code: int,
            message: str,
            headers: HTTPMessage,
        ) -> Any:  # noqa: ANN401 - as urllib has it
            target = headers.get("Location") or headers.get("URI") or ""
            try:
                self.check_redirect(request.full_url, urljoin(request.full_url, target))
            except OSError as error:
                answer.close()
                # As a connection's failure: yt-dlp would try any other with its next library.
                raise URLError(error) from error
            return follow(handler, request, answer, code, message, headers)

        for status in _REDIRECTS:
            setattr(HTTPRedirectHandler, f"http_error_{status}", checked_follow)

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

    def check_redirect(self, source: str, target: str) -> None:
        """Look at a redirect before it is followed.

        Raises:
            UnencryptedError: It leads to less safety.
            OtherSchemeError, PrivateNetworkError: It may not be asked for.
        """
        if urlsplit(source).scheme == "https" and urlsplit(target).scheme != "https":
            self.refused = UnencryptedError(target)
            raise self.refused
        self.check_url(target)

    def _check(self, sock: socket.socket, address: Any) -> None:  # noqa: ANN401 - as socket has it
        if self._inside or sock.family not in _INTERNET:
            return
        host, port = str(address[0]), int(address[1])
        if (host, port) in self._proxies:
            return
        if not all(map(is_public, _addresses(host, port))):
            raise self._refusal(host)

    def _refusal(self, host: str) -> PrivateNetworkError:
        self.refused = PrivateNetworkError(host)
        return self.refused


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
