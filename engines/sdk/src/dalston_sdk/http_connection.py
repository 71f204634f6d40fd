"""HTTP/1.1 to one engine, over a Unix socket or TCP: as much of it as engines speak.

A general client takes 60 ms to import, and two for each request; that is more than the rest of a
short command's way to an engine. h11 knows the protocol, and these are its sockets.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import h11

if TYPE_CHECKING:
    import ssl

__all__ = ["Answer", "BrokenConnectionError", "Connections", "NotConnectedError"]

CONNECT_TIMEOUT_S = 5.0

_CHUNK = 65536
_KEPT = 8
_KEPT_S = 5.0
_END_S = 0.5
"""Seconds for the end of an answer whose last line is there."""

Headers = Mapping[str, str]


class NotConnectedError(ConnectionError):
    """Nothing listens at the address."""


class BrokenConnectionError(ConnectionError):
    """A connection ended too early, was silent for too long, or carried something else."""


@dataclass(frozen=True)
class _Address:
    """Where an engine listens, and what it is called in requests."""

    socket: Path | None
    host: str
    port: int
    encrypted: bool
    name: str
    prefix: str

    @classmethod
    def of(cls, socket: Path | None, url: str | None) -> "_Address":
        if url is None:
            return cls(socket, "", 0, encrypted=False, name="engine", prefix="")
        parts = urlsplit(url)
        encrypted = parts.scheme == "https"
        return cls(
            socket=None,
            host=parts.hostname or "",
            port=parts.port or (443 if encrypted else 80),
            encrypted=encrypted,
            name=parts.netloc.rpartition("@")[2],
            prefix=parts.path.rstrip("/"),
        )


class Answer:
    """The answer to one request, whose body is read as it comes.

    Attributes:
        status: The number of the status.
        headers: By their names in lower case.
    """

    def __init__(self, connection: "_Connection", response: h11.Response, silence_s: float) -> None:
        self._connection = connection
        self._silence_s = silence_s
        self.status = response.status_code
        self.headers = {
            bytes(name).decode(): bytes(value).decode("latin-1") for name, value in response.headers
        }

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the body as it comes.

        Raises:
            BrokenConnectionError: It ends too early, or nothing comes for too long.
        """
        while True:
            event = await self._connection.next_event(self._silence_s)
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            else:
                return

    async def read(self) -> bytes:
        """Return the whole body; raises as ``chunks``."""
        return b"".join([chunk async for chunk in self.chunks()])

    async def end(self) -> None:
        """Read to the end, which is near, so that the connection can be used again."""
        self._silence_s = min(self._silence_s, _END_S)
        with contextlib.suppress(BrokenConnectionError):
            await self.read()


class Connections:
    """Connections to one engine, which are used again.

    Args:
        socket: The Unix socket that it listens on.
        url: Its URL instead; one of https is checked against the system's certificates.
    """

    def __init__(self, socket: Path | None, url: str | None) -> None:
        self._address = _Address.of(socket, url)
        self._idle: list[_Connection] = []

    async def close(self) -> None:
        """Close those that are not in use."""
        idle, self._idle = self._idle, []
        for connection in idle:
            connection.abort()
        await asyncio.sleep(0)  # the loop takes note

    @contextlib.asynccontextmanager
    async def exchange(
        self,
        method: str,
        path: str,
        headers: Headers,
        body: Iterable[bytes] = (),
        *,
        length: int = 0,
        silence_s: float,
    ) -> AsyncIterator[Answer]:
        """Send a request and yield its answer; to leave the block early closes the connection.

        Args:
            method: Such as ``GET``.
            path: Begins with a slash.
            headers: Besides the name of the host and the length.
            body: Its bytes, in order.
            length: Their number.
            silence_s: Seconds in which something has to be sent or received.

        Raises:
            NotConnectedError: Nothing listens there.
            BrokenConnectionError: The connection broke.
        """
        connection = self._take() or await _connect(self._address)
        try:
            request = h11.Request(
                method=method,
                target=self._address.prefix + path,
                headers=[
                    ("host", self._address.name),
                    ("content-length", str(length)),
                    *headers.items(),
                ],
            )
            response = await connection.ask(request, body, silence_s)
            yield Answer(connection, response, silence_s)
        except BaseException:
            connection.abort()
            raise
        self._keep(connection)

    def _take(self) -> "_Connection | None":
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
            connection.abort()
        return None

    def _keep(self, connection: "_Connection") -> None:
        if len(self._idle) < _KEPT and connection.begin_anew():
            self._idle.append(connection)
        else:
            connection.abort()


class _Connection(asyncio.Protocol):
    """A connection with one exchange at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._http = h11.Connection(h11.CLIENT)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._is_full = False
        self._ended = False
        self._reason = ""
        self._idle_since = 0.0

    # -- what the loop calls ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"a connection has a {type(transport).__name__}")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        self._http.receive_data(data)
        self._wake()

    def eof_received(self) -> None:
        """Take the end of what comes, and close the connection."""
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the end of the connection."""
        self._reason = self._reason or str(exc or "")
        self._end()

    def pause_writing(self) -> None:
        """Wait with sending."""
        self._is_full = True

    def resume_writing(self) -> None:
        """Send again."""
        self._is_full = False
        self._wake()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._http.receive_data(b"")
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # -- what an exchange calls ------------------------------------------------------------------

    @property
    def is_usable(self) -> bool:
        """True if the other side has not closed it nor sent anything, nor will close it soon."""
        is_fresh = self._loop.time() - self._idle_since < _KEPT_S
        return is_fresh and not (self._ended or self._came)

    def begin_anew(self) -> bool:
        """Prepare for another exchange; False where that is not possible."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        self._idle_since = self._loop.time()
        return not self._ended

    def abort(self) -> None:
        """Close it at once."""
        if self._transport is not None:
            self._transport.abort()

    async def ask(
        self, request: h11.Request, body: Iterable[bytes], silence_s: float
    ) -> h11.Response:
        """Send a request and return the beginning of its answer.

        Raises:
            BrokenConnectionError: As ``next_event``.
        """
        await self._send(request, body, silence_s)
        while True:
            event = await self.next_event(silence_s)
            if isinstance(event, h11.Response):
                return event

    async def _send(self, request: h11.Request, body: Iterable[bytes], silence_s: float) -> None:
        """Send a request, what is small in one piece; stop where the answer is there."""
        unsent = bytearray(self._http.send(request) or b"")
        for data in body:
            unsent += self._http.send(h11.Data(data=data)) or b""
            if len(unsent) >= _CHUNK:
                await self._write(unsent, silence_s)
                unsent = bytearray()
                await asyncio.sleep(0)
                await asyncio.sleep(0)  # by now the loop has read what came
            if self._ended or self._came:
                return  # an answer before the request's end says why
        unsent += self._http.send(h11.EndOfMessage()) or b""
        await self._write(unsent, silence_s)

    async def _write(self, data: bytearray, silence_s: float) -> None:
        if self._transport is not None:
            self._transport.write(data)
        while self._is_full and not self._ended:
            await self._wait(silence_s)

    async def next_event(self, silence_s: float) -> h11.Event:
        """Return what comes next.

        Raises:
            BrokenConnectionError: Nothing comes for ``silence_s``, it ends, or it is no HTTP.
        """
        while True:
            if self._ended and self._http.their_state is h11.SEND_RESPONSE and not self._came:
                raise BrokenConnectionError(self._reason or "it was closed without an answer")
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise BrokenConnectionError(self._reason or str(error)) from error
            if isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
                raise BrokenConnectionError(self._reason or "it was closed")
            if isinstance(event, h11.Event):
                return event
            await self._wait(silence_s)

    @property
    def _came(self) -> bool:
        """True if there is anything that was not looked at."""
        return bool(self._http.trailing_data[0])

    async def _wait(self, silence_s: float) -> None:
        """Wait for anything to happen, which is the connection's end if it takes too long."""
        self._waiter = self._loop.create_future()
        alarm = self._loop.call_later(silence_s, self._give_up, silence_s)
        try:
            await self._waiter
        finally:
            alarm.cancel()
            self._waiter = None

    def _give_up(self, silence_s: float) -> None:
        self._reason = f"nothing came for {silence_s:g} s"
        self.abort()


async def _connect(address: _Address) -> _Connection:
    """Open a connection.

    Raises:
        NotConnectedError: Nothing listens there.
    """
    loop = asyncio.get_running_loop()
    opening: Coroutine[None, None, tuple[asyncio.Transport, _Connection]]
    if address.socket is not None:
        opening = loop.create_unix_connection(_Connection, str(address.socket))
    else:
        context = _certificates() if address.encrypted else None
        opening = loop.create_connection(_Connection, address.host, address.port, ssl=context)
    try:
        _, connection = await asyncio.wait_for(opening, CONNECT_TIMEOUT_S)
    except asyncio.TimeoutError as error:
        raise NotConnectedError(f"no connection within {CONNECT_TIMEOUT_S:g} s") from error
    except OSError as error:
        raise NotConnectedError(error.strerror or str(error)) from error
    return connection


def _certificates() -> "ssl.SSLContext":
    """Return what servers are checked with: the system's certificates."""
    import httpx2  # noqa: PLC0415 - slow to import, and knows where systems have them

    return httpx2.create_ssl_context(trust_env=False)
