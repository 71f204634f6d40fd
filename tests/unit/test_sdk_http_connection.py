"""Connections to one engine, with servers that answer well, late, early or not at all."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dalston_sdk.form import make_form
from dalston_sdk.http_connection import BrokenConnectionError, Connections, NotConnectedError

WHOLE = b"HTTP/1.1 200 OK\r\nx-kind: whole\r\ncontent-length: 4\r\n\r\ngood"
CUT = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\ngood\r\n"
EARLY = b"HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno"


class Server:
    """Gives one answer to every request.

    Attributes:
        accepted: The number of connections.
        received: The bytes of each request.
    """

    def __init__(self, answer: bytes, *, stays: bool, body: bytes = b"\r\n\r\n") -> None:
        self.accepted = 0
        self.received: list[bytes] = []
        self._answer = answer
        self._stays = stays
        self._until = body

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until the other side goes."""
        self.accepted += 1
        try:
            while True:
                self.received.append(await reader.readuntil(self._until))
                writer.write(self._answer)
                await writer.drain()
                if not self._stays:
                    return
        except asyncio.IncompleteReadError:
            return
        finally:
            writer.close()


@asynccontextmanager
async def connected(folder: Path, server: Server) -> AsyncIterator[Connections]:
    socket = folder / "engine.sock"
    listening = await asyncio.start_unix_server(server.serve, socket)
    connections = Connections(socket, None)
    try:
        async with listening:
            yield connections
            await connections.close()
    finally:
        socket.unlink(missing_ok=True)


async def ask(connections: Connections, *, silence_s: float = 5.0) -> bytes:
    async with connections.exchange("GET", "/health", {}, silence_s=silence_s) as answer:
        assert answer.headers.get("x-kind", "whole") == "whole"
        return await answer.read()


async def test_a_connection_is_used_again(tmp_path: Path) -> None:
    server = Server(WHOLE, stays=True)
    async with connected(tmp_path, server) as connections:
        assert [await ask(connections) for _ in range(5)] == [b"good"] * 5
    assert server.accepted == 1


async def test_one_that_the_engine_closed_is_not_used(tmp_path: Path) -> None:
    server = Server(WHOLE, stays=False)
    async with connected(tmp_path, server) as connections:
        for _ in range(3):
            assert await ask(connections) == b"good"
            await asyncio.sleep(0.05)
    assert server.accepted == 3


async def test_one_whose_answer_was_not_read_is_not_used(tmp_path: Path) -> None:
    server = Server(WHOLE, stays=True)
    async with connected(tmp_path, server) as connections:
        async with connections.exchange("GET", "/health", {}, silence_s=5.0) as answer:
            assert answer.status == 200
        assert await ask(connections) == b"good"
    assert server.accepted == 2


@pytest.mark.parametrize(
    ("answer", "stays", "reason"),
    [
        (b"", False, "it was closed without an answer"),
        (b"", True, r"nothing came for 0\.1 s"),
        (CUT, False, "without sending complete message body"),
        (CUT, True, r"nothing came for 0\.1 s"),
        (b"hello\r\n\r\n", False, "illegal"),
    ],
    ids=["closed", "silent", "cut off", "silent in the middle", "no HTTP"],
)
async def test_what_is_broken_is_told(
    tmp_path: Path, answer: bytes, stays: bool, reason: str
) -> None:
    async with connected(tmp_path, Server(answer, stays=stays)) as connections:
        with pytest.raises(BrokenConnectionError, match=reason):
            await ask(connections, silence_s=0.1)


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:9"], ids=["socket", "port"])
async def test_an_address_where_nothing_listens(tmp_path: Path, url: str | None) -> None:
    connections = Connections(None if url else tmp_path / "no.sock", url)
    with pytest.raises(NotConnectedError, match=r"No such file|refused|Connect call failed"):
        await ask(connections)


async def test_an_answer_that_comes_before_the_end_of_the_request_is_read(tmp_path: Path) -> None:
    def endless() -> Iterator[bytes]:
        yield from (b"x" * 65536 for _ in range(400))

    async with connected(tmp_path, Server(EARLY, stays=False)) as connections:
        sent = connections.exchange("POST", "/", {}, endless(), length=400 * 65536, silence_s=5.0)
        async with sent as answer:
            assert answer.status == 401
            assert await answer.read() == b"no"


async def test_a_url_has_a_host_and_perhaps_a_folder() -> None:
    server = Server(WHOLE, stays=True)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    connections = Connections(None, f"http://127.0.0.1:{port}/speech/")
    async with listening:
        assert await ask(connections) == b"good"
        await connections.close()
    first, host, *_ = server.received[0].lower().split(b"\r\n")
    assert (first, host) == (b"get /speech/health http/1.1", f"host: 127.0.0.1:{port}".encode())


def test_audio_that_shrinks_while_it_is_sent_is_an_error(tmp_path: Path) -> None:
    wav = tmp_path / "a.wav"
    wav.write_bytes(b"x" * 1000)
    with wav.open("rb") as audio:
        form = make_form(b"{}", audio=audio)
        wav.write_bytes(b"x" * 10)
        with pytest.raises(OSError, match="became shorter, by 990 bytes"):
            list(form.chunks())
