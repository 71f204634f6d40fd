"""The server that is asked: its address, and the token that it gets.

A token comes from a variable or a file: what is written on a command line, other users can see.
"""

import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from dalston_cli.pipeline.remote.networks import is_public
from dalston_cli.regular_file import read_regular
from dalston_cli.sending import errors

_MOST_TOKEN_BYTES = 10_000
_SCHEMES = frozenset({"http", "https"})


class Server(Struct, frozen=True, kw_only=True):
    """Where recordings are sent.

    Attributes:
        url: Without a slash at its end, and without ``/v1``.
        token: None where none is known.
    """

    url: str
    token: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Headers of every request."""
        return {} if self.token is None else {"authorization": f"Bearer {self.token}"}

    def __repr__(self) -> str:
        return f"Server(url={self.url!r})"


def named_server(url: str, token_file: Path | None, environ: Mapping[str, str]) -> Server:
    """Return the server that the command line names.

    Raises:
        ServerAddressError: The address cannot be used.
        ServerTokenError: The token cannot be read, or would be seen by others.
    """
    base = _checked(url)
    token = _token(token_file, environ)
    if token is not None and base.startswith("http://") and _is_on_the_internet(base):
        raise errors.ServerInClearError(base)
    return Server(url=base, token=token)


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        named = parts.scheme in _SCHEMES and parts.hostname and parts.port != 0
    except ValueError:
        raise errors.ServerAddressError(_shown(url), "is no address of a server") from None
    if not named or not url.isascii() or not url.isprintable():
        raise errors.ServerAddressError(_shown(url), "is no address of a server")
    if parts.username is not None or parts.query or parts.fragment:
        raise errors.ServerAddressError(
            _shown(url), f"has more than an address; a token goes into {errors.TOKEN_VARIABLE}"
        )
    return url.rstrip("/").removesuffix("/v1").rstrip("/")


def _shown(url: str) -> str:
    """Return an address without what may be a secret."""
    place = url.partition("?")[0].partition("#")[0]
    scheme, slashes, rest = place.partition("://")
    return f"{scheme}{slashes}{rest.rpartition('@')[2]}"


def _token(file: Path | None, environ: Mapping[str, str]) -> str | None:
    if file is None:
        token = environ.get(errors.TOKEN_VARIABLE, "").strip()
        return token or None
    try:
        data = read_regular(file.expanduser(), limit=_MOST_TOKEN_BYTES, or_given=True)
        token = data.decode().strip()
    except OSError as error:
        raise errors.ServerTokenFileError(file, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise errors.ServerTokenFileError(file, "it is no text") from error
    if not token or not token.isascii() or not token.isprintable():
        raise errors.ServerTokenFileError(file, "it has no token, or more than one line")
    return token


def _is_on_the_internet(url: str) -> bool:
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname or "", parts.port or 80, type=socket.SOCK_STREAM)
    except OSError:
        return False  # asking it says what is wrong
    return any(is_public(str(each[4][0])) for each in found)
