"""The addresses that the page asks."""

import asyncio
from collections.abc import Awaitable, Callable
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from dalston_cli.audio.waveform import Waveform, read_waveform
from dalston_cli.errors import DalstonError, InputError, UsageError
from dalston_cli.formats.page.assets import SERVED_CSP, served_files
from dalston_cli.formats.page.audio import AUDIO_TYPES
from dalston_cli.review.access import AUDIO_PATH, Access, Keys
from dalston_cli.review.edits import Edit
from dalston_cli.review.enrolling import Enrolment, Enrols
from dalston_cli.review.folder import ReviewFolder, UnknownItemError
from dalston_cli.review.item import StaleEditError

_MOST_BYTES = 1_000_000
"""Of a request; an edit has the text of one segment."""

_NO_RECORDING = "the recording is not in the folder that is reviewed"

Endpoint = Callable[[Request], Awaitable[Response]]


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the page sends with an edit."""

    revision: int
    edit: Edit


def make_app(folder: ReviewFolder, keys: Keys, enrols: Enrols | None = None) -> Starlette:
    """Return the application that serves a folder.

    Args:
        folder: The transcripts.
        keys: What a browser has to show.
        enrols: Takes speakers onto a roster; None offers nothing of the kind.
    """
    api = _Api(folder, enrols.roster if enrols else None)
    files = served_files()
    voices = [Route("/api/voices", _voices(folder, enrols), methods=["POST"])] if enrols else []
    return Starlette(
        routes=[
            *(Route(path, _file(*file), methods=["GET"]) for path, file in files.items()),
            Route("/api/items", api.items, methods=["GET"]),
            Route("/api/transcript", api.transcript, methods=["GET"]),
            Route("/api/changes", api.changes, methods=["GET"]),
            Route("/api/edits", api.edit, methods=["POST"]),
            Route("/api/peaks", api.peaks, methods=["GET"]),
            Route(AUDIO_PATH, api.audio, methods=["GET"]),
            *voices,
        ],
        middleware=[Middleware(Access, keys=keys, policy=SERVED_CSP)],
        exception_handlers={
            DalstonError: _explained,
            HTTPException: _refused,
            ClientDisconnect: _gone,
        },
    )


class _Api:
    def __init__(self, folder: ReviewFolder, roster: str | None) -> None:
        self._folder = folder
        self._roster = roster
        self._measuring = asyncio.Lock()
        self._waveforms: dict[Path, Waveform] = {}

    async def items(self, _request: Request) -> Response:
        return _json(await run_in_threadpool(self._folder.listed))

    async def transcript(self, request: Request) -> Response:
        name = _item_name(request)

        def load() -> dict[str, Any]:
            recording = self._folder.recording(name)
            audio = None if recording is None else f"{AUDIO_PATH}?item={quote(name, safe='')}"
            page = self._folder.item(name).page(audio=audio)
            return page | {"id": name, "roster": self._roster}

        return _json(await run_in_threadpool(load))

    async def changes(self, request: Request) -> Response:
        name, since = _item_name(request), request.query_params.get("since", "")
        if not since.isascii() or not since.isdigit() or len(since) > len(str(_MOST_BYTES)):
            raise HTTPException(422, "since is no revision")
        item = await run_in_threadpool(self._folder.item, name)
        return _json(await run_in_threadpool(item.changes, int(since)))

    async def edit(self, request: Request) -> Response:
        name = _item_name(request)
        try:
            body = msgspec.json.decode(await _body(request), type=_Body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise HTTPException(422, f"this is no edit: {error}") from error
        item = await run_in_threadpool(self._folder.item, name)
        return _json(await run_in_threadpool(item.edit, body.revision, body.edit))

    async def audio(self, request: Request) -> Response:
        recording = await run_in_threadpool(self._folder.recording, _item_name(request))
        if recording is None:
            raise HTTPException(404, _NO_RECORDING)
        return FileResponse(recording, media_type=_media_type(recording))

    async def peaks(self, request: Request) -> Response:
        recording = await run_in_threadpool(self._folder.recording, _item_name(request))
        if recording is None:
            raise HTTPException(404, _NO_RECORDING)
        async with self._measuring:  # one at a time: each decodes a whole recording
            if recording not in self._waveforms:
                self._waveforms[recording] = await read_waveform(recording)
        waveform = self._waveforms[recording]
        return _json({"peaks": waveform.heights, "peaks_per_second": waveform.per_second})


def _media_type(recording: Path) -> str:
    """Return what a browser is told of a recording: never that it is a page, or a program."""
    kind = AUDIO_TYPES.get(recording.suffix.lower().lstrip("."))
    kind = kind or guess_type(recording.name)[0] or ""
    return kind if kind.startswith(("audio/", "video/")) else "application/octet-stream"


def _voices(folder: ReviewFolder, enrols: Enrols) -> Endpoint:
    async def enrol(request: Request) -> Response:
        try:
            wanted = msgspec.json.decode(await _body(request), type=Enrolment)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise HTTPException(422, f"this is no enrolment: {error}") from error
        document = await run_in_threadpool(folder.document, _item_name(request))
        return _json(await run_in_threadpool(enrols.enrol, document, wanted))

    return enrol


def _item_name(request: Request) -> str:
    return request.query_params.get("item", "")


async def _body(request: Request) -> bytes:
    """Return what a request has, if that is not too much; nothing of more is kept."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > _MOST_BYTES:
            raise HTTPException(413, f"an edit has at most {_MOST_BYTES:,} bytes")
        parts.append(part)
    return b"".join(parts)


def _file(media_type: str, data: bytes) -> Endpoint:
    async def answer(_request: Request) -> Response:
        return Response(data, media_type=media_type)

    return answer


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


async def _explained(_request: Request, error: Exception) -> Response:
    if isinstance(error, StaleEditError):
        return _json({"revision": error.revision}, 409)
    if not isinstance(error, DalstonError):
        raise error
    answer = {"message": error.message} | ({"hint": error.hint} if error.hint else {})
    if isinstance(error, UnknownItemError):
        return _json(answer, 404)
    return _json(answer, 422 if isinstance(error, InputError | UsageError) else 500)


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return _json({"message": error.detail}, error.status_code)


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=400)
