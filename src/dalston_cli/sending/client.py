"""Asks a server: jobs, what happens to them, and their transcripts."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import httpx2
import msgspec
from msgspec import Struct

from dalston_cli.control_characters import without_controls
from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.events import ErrorInfo
from dalston_cli.sending import errors
from dalston_cli.sending.server import Server

T = TypeVar("T")

PAUSES_S = (1.0, 3.0, 9.0)
"""Before a server that did not answer is asked again."""
_BUSY_S = 5.0
_LONGEST_WAIT_S = 60.0
_TIMES = httpx2.Timeout(20.0, read=120.0, write=120.0)
_SILENCE = httpx2.Timeout(20.0, read=60.0)
"""Of events: a server sends a sign of life every 15 s."""
_MOST_EVENT_BYTES = 64_000_000
_WAITED_FOR = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.INSUFFICIENT_STORAGE})
"""Limits that are reached until other recordings have ended."""


class ServerJob(Struct, frozen=True, kw_only=True):
    """A job, as a server tells of it; see ``views.job_view`` there."""

    id: str
    state: str
    key: str | None = None
    model: str = ""
    error: ErrorInfo | None = None


class _Listed(Struct, frozen=True):
    data: tuple[ServerJob, ...]


class ServerClient:
    """A server, as a program asks it.

    Args:
        server: Its address.
        on_busy: Takes once what it says while its limits are reached.
    """

    def __init__(self, server: Server, on_busy: Callable[[str], None]) -> None:
        self._server = server
        self._on_busy: Callable[[str], None] | None = on_busy
        self._http = httpx2.AsyncClient(
            base_url=server.url, headers=server.headers, timeout=_TIMES, trust_env=True
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def jobs(self) -> dict[str, ServerJob]:
        """Return the caller's latest jobs by the key that they were made with.

        Raises:
            DalstonError: There is no such server, or it refuses.
        """
        answer = await self._asked("GET", "/v1/jobs")
        self._check(answer)
        listed = _decoded(answer, _Listed, self._server)
        return {job.key: job for job in listed.data if job.key is not None}

    async def send(
        self, recording: Path, name: str, options: Mapping[str, object], key: str
    ) -> ServerJob:
        """Make a job of a recording, or return the one that was made with this key.

        Raises:
            AskingRefusedError: The options cannot be carried out.
            RecordingRefusedError: The recording is not taken.
            DalstonError: The server does not answer, or refuses.
        """
        fields, headers = {"options": json.dumps(options)}, {"idempotency-key": key}

        async def post() -> httpx2.Response:
            with recording.open("rb") as file:
                sent = {"file": (name, file)}
                return await self._http.post("/v1/jobs", data=fields, files=sent, headers=headers)

        answer = await self._patiently(post)
        self._check(answer)
        return _decoded(answer, ServerJob, self._server)

    async def job(self, number: str) -> ServerJob | None:
        """Return a job as it is now; None where the server has none of this number."""
        answer = await self._asked("GET", f"/v1/jobs/{number}")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        self._check(answer)
        return _decoded(answer, ServerJob, self._server)

    async def transcript(self, number: str) -> bytes:
        """Return a job's transcript as JSON."""
        answer = await self._asked("GET", f"/v1/jobs/{number}/transcript?format=json")
        self._check(answer)
        return answer.content

    async def forget(self, number: str) -> None:
        """Have the server remove all that it keeps of a job."""
        answer = await self._asked("DELETE", f"/v1/jobs/{number}")
        if answer.status_code != HTTPStatus.NOT_FOUND:
            self._check(answer)

    async def follow(self, number: str) -> AsyncIterator[httpx2.ServerSentEvent]:
        """Yield what happens to a job until it has ended; a connection that breaks is made anew.

        Raises:
            ServerUnreachableError: The server does not answer any more.
        """
        last, failures = "0", 0
        while True:
            try:
                async with self._events(number, last) as answer:
                    if answer.status_code != HTTPStatus.OK:
                        return  # asking for the job says why
                    async for event in httpx2.EventSource(answer, _MOST_EVENT_BYTES):
                        last, failures = event.id or last, 0
                        yield event
                    return
            except httpx2.HTTPError as error:
                pause_s = PAUSES_S[failures] if failures < len(PAUSES_S) else None
                failures += 1
                await self._pause(pause_s, error)

    def _events(self, number: str, last: str) -> AbstractAsyncContextManager[httpx2.Response]:
        headers = {"last-event-id": last}
        place = f"/v1/jobs/{number}/events"
        return self._http.stream("GET", place, headers=headers, timeout=_SILENCE)

    async def _asked(self, method: str, place: str) -> httpx2.Response:
        return await self._patiently(lambda: self._http.request(method, place))

    async def _patiently(self, ask: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
        """Return an answer, whatever it is; ask again where there is none.

        A server whose limits are reached answers, and is asked again until others have ended.
        """
        failures = 0
        while True:
            try:
                answer = await ask()
            except httpx2.HTTPError as error:
                pause_s = PAUSES_S[failures] if failures < len(PAUSES_S) else None
                failures += 1
                await self._pause(pause_s, error)
                continue
            if answer.status_code not in _WAITED_FOR:
                return answer
            failures = 0
            if self._on_busy is not None:
                self._on_busy(_message(answer) or "it has too much to do")
                self._on_busy = None
            await asyncio.sleep(_wait_s(answer))

    async def _pause(self, pause_s: float | None, error: httpx2.HTTPError) -> None:
        if pause_s is None:
            reason = str(error) or type(error).__name__
            raise errors.ServerUnreachableError(self._server.url, reason) from error
        await asyncio.sleep(pause_s)

    def _check(self, answer: httpx2.Response) -> None:
        """Raise what a refusal is for a person."""
        if answer.is_success:
            return
        status, message = answer.status_code, _message(answer)
        if message is None or answer.is_redirect:
            raise errors.NoServerError(self._server.url)
        raise _refusal(status, message, self._server)


def _refusal(status: int, message: str, server: Server) -> DalstonError:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return errors.ServerDeniedError(server.url, message)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return errors.RecordingRefusedError(message)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return errors.ServerUnreachableError(server.url, message)
    return errors.AskingRefusedError(message)


def _message(answer: httpx2.Response) -> str | None:
    """Return what a refusal says; None where no server of Dalston's says it."""
    try:
        return without_controls(str(answer.json()["error"]["message"]))
    except (ValueError, KeyError, TypeError):
        return None


def _decoded(answer: httpx2.Response, kind: type[T], server: Server) -> T:
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise errors.NoServerError(server.url) from error


def _wait_s(answer: httpx2.Response) -> float:
    told = answer.headers.get("retry-after", "")
    return min(float(told), _LONGEST_WAIT_S) if told.isdecimal() else _BUSY_S
