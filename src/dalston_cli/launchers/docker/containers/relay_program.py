"""Leads the connections of one engine to its services, and nowhere else.

Runs in a container of its own, of which the engine sees nothing but a folder with a Unix socket for
each service; see ``relay``. It is handed over as source, so it needs nothing but Python 3.10.

Standard input has JSON: ``services`` maps a socket's name to host, port and whether it is TLS.
"""

import asyncio
import base64
import json
import os
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

_FOLDER = Path("/services")
_BLOCK = 65536
_CONNECT_S = 30


class _RefusedError(Exception):
    """The proxy does not lead to the service."""


async def _connect(
    host: str, port: int, *, tls: bool
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to a service; one with TLS through the proxy that the environment names, if any."""
    proxy = getproxies().get("https") if tls else None
    if not proxy or proxy_bypass(host):
        return await asyncio.open_connection(host, port)
    parts = urlsplit(proxy)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 3128)
    lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
    if parts.username:
        known = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(known.encode()).decode()}")
    writer.write("\r\n".join([*lines, "", ""]).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if head.split(None, 2)[1:2] != [b"200"]:
        writer.close()
        raise _RefusedError(head.splitlines()[0].decode(errors="replace"))
    return reader, writer


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on all that comes; where one side breaks off, the other one is closed, too."""
    try:
        while block := await reader.read(_BLOCK):
            writer.write(block)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.close()  # which ends the other direction: its reader is of the same connection


async def _serve(name: str, host: str, port: int, *, tls: bool) -> asyncio.Server:
    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            connecting = asyncio.wait_for(_connect(host, port, tls=tls), _CONNECT_S)
            far_reader, far_writer = await connecting
        except (asyncio.TimeoutError, OSError, EOFError, _RefusedError) as error:  # noqa: UP041 - 3.10
            sys.stderr.write(f"{host}:{port} cannot be reached: {error}\n")
        else:
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
            far_writer.close()
        writer.close()

    path = _FOLDER / name
    server = await asyncio.start_unix_server(lead, path)
    path.chmod(0o666)  # the engine is another user
    return server


async def main() -> None:
    """Lead connections until the engine's process ends, and with it this one."""
    told = json.load(sys.stdin)
    os.environ.update(told["environment"])
    servers = [
        await _serve(name, host, port, tls=tls)
        for name, (host, port, tls) in told["services"].items()
    ]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main())
