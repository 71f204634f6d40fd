"""Client of an engine: one method per endpoint, with typed requests and answers."""

import contextlib
import os
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

import msgspec

from dalston_sdk.client_errors import (
    EngineClientError,
    EngineRequestError,
    EngineStreamError,
    EngineUnreachableError,
    ProtocolMismatchError,
)
from dalston_sdk.form import Form, make_form
from dalston_sdk.http_connection import (
    Answer,
    BrokenConnectionError,
    Connections,
    NotConnectedError,
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

ANSWER_TIMEOUT_S = 15.0
LOAD_TIMEOUT_S = 1800.0
MISSED_HEARTBEATS = 4

_ENCODER = msgspec.json.Encoder()
_MESSAGE: msgspec.json.Decoder[StreamMessage] = msgspec.json.Decoder(StreamMessage)
_HTTP_ERROR = 400

T = TypeVar("T")


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
        self._headers = {HEADER: str(OURS)}
        if token is not None:
            self._headers["authorization"] = f"Bearer {token}"
        self._silence_s = heartbeat_s * MISSED_HEARTBEATS
        self._connections = Connections(socket, url)

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
        await self._connections.close()

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
            content = _ENCODER.encode(request)
            if audio is None:
                form = make_form(content)
            elif share_path:
                path = os.fsencode(audio.absolute())  # noqa: ASYNC240 - does not touch the disk
                form = make_form(content, path=path)
            else:
                form = make_form(content, audio=stack.enter_context(audio.open("rb")))
            async with contextlib.aclosing(self._stream(form)) as messages:
                async for message in messages:
                    yield message

    async def _stream(self, form: Form) -> AsyncGenerator[StreamMessage, None]:
        headers = {**self._headers, "content-type": form.kind}
        with self._translated(EngineStreamError):
            async with self._connections.exchange(
                "POST",
                "/run",
                headers,
                form.chunks(),
                length=form.length,
                silence_s=self._silence_s,
            ) as answer:
                self._check_protocol(answer)
                if answer.status >= _HTTP_ERROR:
                    raise self._refusal(await answer.read())
                async for line in _lines(answer):
                    message = self._decode(line)
                    if isinstance(message, Failed):
                        raise EngineRequestError.from_wire(message)
                    if isinstance(message, Finished):
                        await answer.end()
                        yield message
                        return
                    yield message
        raise EngineStreamError(self.address, "it ended without a result")

    async def _ask(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        content: bytes = b"",
        timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> T:
        with self._translated(EngineUnreachableError):
            async with self._connections.exchange(
                method,
                path,
                self._headers,
                (content,),
                length=len(content),
                silence_s=timeout_s,
            ) as answer:
                body = await answer.read()
        self._check_protocol(answer)
        if answer.status >= _HTTP_ERROR:
            raise self._refusal(body)
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.MsgspecError as error:
            raise EngineStreamError(self.address, f"it cannot be decoded: {error}") from error

    @contextlib.contextmanager
    def _translated(
        self, broken: type[EngineStreamError] | type[EngineUnreachableError]
    ) -> Iterator[None]:
        try:
            yield
        except NotConnectedError as error:
            raise EngineUnreachableError(self.address, str(error)) from error
        except BrokenConnectionError as error:
            raise broken(self.address, str(error)) from error

    def _check_protocol(self, answer: Answer) -> None:
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


async def _lines(answer: Answer) -> AsyncGenerator[bytes, None]:
    """Yield the lines of an answer; only a line feed ends one, not Unicode's other line breaks."""
    kept = bytearray()
    async for chunk in answer.chunks():
        kept += chunk
        if b"\n" in chunk:
            *lines, rest = bytes(kept).split(b"\n")
            kept = bytearray(rest)
            for line in lines:
                yield line
    if kept:
        yield bytes(kept)
