"""Client of an engine: one method per endpoint, with typed requests and answers."""

import contextlib
import os
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import httpx2
import msgspec

from dalston_sdk.client_errors import (
    EngineClientError,
    EngineRequestError,
    EngineStreamError,
    EngineUnreachableError,
    ProtocolMismatchError,
)
from dalston_sdk.protocol import HEADER, OURS, ProtocolRange
from dalston_sdk.wire import (
    Failed,
    Finished,
    Health,
    LoadReply,
    LoadRequest,
    ModelRef,
    ModelsReply,
    Request,
    StreamMessage,
)

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "EngineClient",
    "EngineClientError",
    "EngineRequestError",
    "EngineStreamError",
    "EngineUnreachableError",
    "ProtocolMismatchError",
]

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 15.0
LOAD_TIMEOUT_S = 1800.0
MISSED_HEARTBEATS = 4

_ENCODER = msgspec.json.Encoder()
_MESSAGE: msgspec.json.Decoder[StreamMessage] = msgspec.json.Decoder(StreamMessage)
_HTTP_ERROR = 400

T = TypeVar("T")
FormField = tuple[str | None, bytes | BinaryIO, str]


class EngineClient:
    """Client of one engine; an async context manager.

    Proxies in the environment are not used: engines are on this machine or on one that the user
    named.

    Args:
        socket: The Unix socket the engine listens on.
        url: Its URL instead.
        token: The bearer token, with ``url``.
        heartbeat_s: The engine's heartbeat interval in seconds; an engine that sends nothing for
            several intervals counts as dead.
    """

    def __init__(
        self,
        socket: Path | None = None,
        url: str | None = None,
        token: str | None = None,
        *,
        heartbeat_s: float = 5.0,
    ) -> None:
        if (socket is None) == (url is None):
            raise TypeError("an engine has either a socket or a URL")
        self.address = str(url or socket)
        headers = {HEADER: str(OURS)}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        self._silence_s = heartbeat_s * MISSED_HEARTBEATS
        self._http = httpx2.AsyncClient(
            transport=httpx2.AsyncHTTPTransport(
                uds=None if socket is None else str(socket),
                trust_env=False,
                # The engine limits how many requests may wait, not the client.
                limits=httpx2.Limits(max_connections=None, max_keepalive_connections=8),
                # Certificates take 20 ms and more to read, and only HTTPS needs them.
                verify=url is not None and url.startswith("https:"),
            ),
            base_url=url or "http://engine",
            headers=headers,
            trust_env=False,
            timeout=httpx2.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        )

    async def __aenter__(self) -> "Self":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def health(self) -> Health:
        """Ask for the engine's health.

        Raises:
            EngineClientError: Any of its subclasses.
        """
        return await self._ask("GET", "/health", Health)

    async def models(self) -> ModelsReply:
        """Ask which model is loaded, which are installed, and what the engine supports.

        Raises:
            EngineClientError: Any of its subclasses.
        """
        return await self._ask("GET", "/models", ModelsReply)

    async def load(self, model: ModelRef) -> LoadReply:
        """Load a model in place of the one that is loaded.

        Raises:
            EngineClientError: Any of its subclasses.
        """
        body = _ENCODER.encode(LoadRequest(model=model))
        return await self._ask("POST", "/load", LoadReply, content=body, timeout_s=LOAD_TIMEOUT_S)

    async def unload(self) -> LoadReply:
        """Unload the model.

        Raises:
            EngineClientError: Any of its subclasses.
        """
        return await self._ask("POST", "/unload", LoadReply, timeout_s=LOAD_TIMEOUT_S)

    async def shutdown(self) -> None:
        """Ask the engine to finish its requests and then to stop; does not wait for that.

        Raises:
            EngineClientError: Any of its subclasses.
        """
        await self._ask("POST", "/shutdown", dict[str, str])

    async def run(
        self, request: Request, *, audio: Path | None, share_path: bool
    ) -> AsyncGenerator[StreamMessage, None]:
        """Run a stage and yield messages as they come; the last one is Finished.

        Closing the iterator before its end cancels the work (``contextlib.aclosing`` does that
        reliably; a ``break`` alone does it some time later).

        Args:
            request: The stage's request.
            audio: A WAV file with 16 kHz mono PCM16; None for a stage without audio.
            share_path: Send the file's path, not its bytes; the engine must be able to read it.

        Raises:
            EngineClientError: Any of its subclasses.
            OSError: ``audio`` cannot be read.
        """
        with contextlib.ExitStack() as stack:
            files: dict[str, FormField] = {
                "request": (None, _ENCODER.encode(request), "application/json")
            }
            if audio is not None and share_path:
                path = os.fsencode(audio.absolute())  # noqa: ASYNC240 - does not touch the disk
                files["audio_path"] = (None, path, "application/octet-stream")
            elif audio is not None:
                files["audio"] = ("audio.wav", stack.enter_context(audio.open("rb")), "audio/wav")
            async with contextlib.aclosing(self._stream(files)) as messages:
                async for message in messages:
                    yield message

    async def _stream(self, files: dict[str, FormField]) -> AsyncGenerator[StreamMessage, None]:
        timeout = httpx2.Timeout(self._silence_s, connect=CONNECT_TIMEOUT_S)
        with self._translated(EngineStreamError):
            async with self._http.stream("POST", "/run", files=files, timeout=timeout) as answer:
                self._check_protocol(answer)
                if answer.status_code >= _HTTP_ERROR:
                    raise self._refusal(await answer.aread())
                async for line in _lines(answer):
                    message = self._decode(line)
                    if isinstance(message, Failed):
                        raise EngineRequestError.from_wire(message)
                    yield message
                    if isinstance(message, Finished):
                        return
        raise EngineStreamError(self.address, "it ended without a result")

    async def _ask(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        content: bytes | None = None,
        timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> T:
        timeout = httpx2.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
        with self._translated(EngineUnreachableError):
            answer = await self._http.request(method, path, content=content, timeout=timeout)
        self._check_protocol(answer)
        if answer.status_code >= _HTTP_ERROR:
            raise self._refusal(answer.content)
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except msgspec.MsgspecError as error:
            raise EngineStreamError(self.address, f"it cannot be decoded: {error}") from error

    @contextlib.contextmanager
    def _translated(
        self, broken: type[EngineStreamError] | type[EngineUnreachableError]
    ) -> Iterator[None]:
        try:
            yield
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise EngineUnreachableError(self.address, _reason(error)) from error
        except httpx2.HTTPError as error:
            raise broken(self.address, _reason(error)) from error

    def _check_protocol(self, answer: httpx2.Response) -> None:
        text = answer.headers.get(HEADER)
        theirs = None if text is None else ProtocolRange.parse(text)
        if theirs is None or not theirs.overlaps(OURS):
            raise ProtocolMismatchError(self.address, text)

    def _refusal(self, body: bytes) -> EngineClientError:
        try:
            return EngineRequestError.from_wire(msgspec.json.decode(body, type=Failed))
        except msgspec.MsgspecError as error:
            return EngineStreamError(self.address, f"it cannot be decoded: {error}")

    def _decode(self, line: bytes) -> StreamMessage:
        try:
            return _MESSAGE.decode(line)
        except msgspec.MsgspecError as error:
            raise EngineStreamError(self.address, f"it cannot be decoded: {error}") from error


async def _lines(answer: httpx2.Response) -> AsyncGenerator[bytes, None]:
    """Yield the lines of an answer; only a line feed ends one, not Unicode's other line breaks."""
    kept = bytearray()
    async for chunk in answer.aiter_bytes():
        kept += chunk
        if b"\n" in chunk:
            *lines, rest = bytes(kept).split(b"\n")
            kept = bytearray(rest)
            for line in lines:
                yield line
    if kept:
        yield bytes(kept)


def _reason(error: httpx2.HTTPError) -> str:
    return str(error) or type(error).__name__
