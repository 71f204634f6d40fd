"""How recordings are asked for by HTTP: with certificates checked, and redirects looked at.

A server may send a client on to an address that only this machine can reach, such as that of a
cloud's credentials. A user who names an address may mean such a one; a server may not.
"""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import aiohttp
from yarl import URL

from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import RedirectRefusedError
from dalston_cli.pipeline.remote.networks import is_public

_CONNECT_S = 20
_SILENCE_S = 60


async def make_session(**_: Any) -> aiohttp.ClientSession:  # noqa: ANN401 - as fsspec calls it
    """Return a session, as fsspec wants one."""
    trace = aiohttp.TraceConfig()
    trace.on_request_redirect.append(check_redirect)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=ssl.create_default_context()),
        timeout=aiohttp.ClientTimeout(total=None, connect=_CONNECT_S, sock_read=_SILENCE_S),
        headers={"Accept-Encoding": "identity"},  # else the length is that of other bytes
        trust_env=True,
        trace_configs=[trace],
        response_class=_Answer,
    )


class _Answer(aiohttp.ClientResponse):
    """An answer that ends its connection at once where it is left before its end.

    aiohttp asks asyncio to close such a connection. With TLS, asyncio does not do that where the
    server has closed its side while reading was paused: it takes the connection for one that is
    closing already, and its socket stays open.
    """

    def close(self) -> None:
        """Leave it."""
        self._abort()
        super().close()

    def release(self) -> Any:  # noqa: ANN401 - as aiohttp has it
        """Give the connection back, if all of the answer has come."""
        self._abort()
        return super().release()

    def _abort(self) -> None:
        if self.closed or (connection := self.connection) is None:
            return  # all has come
        if (transport := connection.transport) is not None:
            transport.abort()


async def check_redirect(
    _: aiohttp.ClientSession, __: SimpleNamespace, params: aiohttp.TraceRequestRedirectParams
) -> None:
    """Refuse a redirect to less safety, or from the world into a private network.

    Raises:
        RedirectRefusedError: It is one.
    """
    headers = params.response.headers
    location = headers.get("Location") or headers.get("URI")
    if location is None:
        return
    target = params.url.join(URL(location))
    if params.url.scheme == "https" and target.scheme != "https":
        raise _refusal(params.url, target, "it has no encryption")
    if await _is_private(target) and not await _is_private(params.url):
        raise _refusal(params.url, target, "it is in a private network")


def _refusal(source: URL, target: URL, reason: str) -> RedirectRefusedError:
    return RedirectRefusedError(Address(str(source)), Address(str(target)).shown, reason)


def leads_inside(source: str, target: str) -> bool:
    """Return True if an address of the public internet names one in a private network."""
    return _resolves_inside(URL(target)) and not _resolves_inside(URL(source))


def _resolves_inside(url: URL) -> bool:
    try:
        return _any_private(socket.getaddrinfo(url.host or "", url.port or 443))
    except OSError:
        return False  # as _is_private


async def _is_private(url: URL) -> bool:
    """Return True if any address of the host is not one of the public internet."""
    host = url.host or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, url.port or 443)
    except OSError:
        return False  # a proxy may know it, or connecting says what is wrong
    return _any_private(found)


def _any_private(found: Sequence[tuple[Any, ...]]) -> bool:
    return not all(is_public(str(each[4][0])) for each in found)
