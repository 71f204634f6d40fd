"""OpenAI's addresses: a recording comes with the request, its text goes with the answer.

Nothing is kept of either.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from http import HTTPStatus

import msgspec
from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dalston_cli.errors import DalstonError
from dalston_cli.formats.read import read_transcript
from dalston_cli.formats.script import joined
from dalston_cli.pipeline.events import Event, JobFinished, PartialText
from dalston_cli.pipeline.request import RunOptions
from dalston_cli.server.errors import RequestRefusedError, error_body, status_of
from dalston_cli.server.openai_reply import diarized_segment, reply_to
from dalston_cli.server.openai_request import AudioRequest, Task, read_request
from dalston_cli.server.service import Service
from dalston_cli.server.tokens import Caller
from dalston_cli.server.upload import receive_form
from dalston_cli.server.work import Order, output_folder
from dalston_sdk.wire import Segment, Transcript

MODEL_HEADER = "dalston-model"
_WELL = frozenset({"done", "partial", "unchanged"})


@dataclass(frozen=True)
class AudioEndpoints:
    """``/v1/audio/transcriptions`` and ``/v1/audio/translations``."""

    service: Service

    async def transcriptions(self, request: Request) -> Response:
        """Answer with what is said."""
        return await self._answer(request, "transcribe")

    async def translations(self, request: Request) -> Response:
        """Answer with what is said, in English."""
        return await self._answer(request, "translate")

    async def _answer(self, request: Request, task: Task) -> Response:
        async with AsyncExitStack() as stack:
            ready = await self._received(request, task, stack)
            headers = {MODEL_HEADER: ready.model}
            if ready.asked.stream:
                self.service.check_waiting(ready.caller)
                events = _Stream(self.service, ready)
                streamed = StreamAnswer(events.messages(), headers=headers)
                streamed.stack = stack.pop_all()
                streamed.stack.push_async_callback(events.close)
                return streamed
            work = asyncio.create_task(ready.transcript(self.service))
            await _while_connected(request, work)
            answer = reply_to(ready.asked, work.result(), ready.options.render)
            answer.headers.update(headers)
            return answer

    async def _received(self, request: Request, task: Task, stack: AsyncExitStack) -> "_Ready":
        service = self.service
        folder = await stack.enter_async_context(service.folder_of_request())
        form = await receive_form(request, folder, service.room, service.limits.most_bytes)
        stack.callback(form.discard, service.room)
        asked = read_request(form.fields, task)
        recording = form.file()

        def settled() -> tuple[RunOptions, str]:
            options = service.wishes.run_options(asked.settings, output_folder(folder))
            if asked.settings.get("diarize"):
                options = replace(options, strict=True)
            return options, service.wishes.check(options)

        options, model = await run_in_threadpool(settled)
        order = Order(
            source=recording, name=form.name, folder=folder, options=options, passing=True
        )
        caller: Caller = request.state.caller
        return _Ready(asked=asked, order=order, model=model, caller=caller.name)


@dataclass(frozen=True, kw_only=True)
class _Ready:
    """A request that can be carried out."""

    asked: AudioRequest
    order: Order
    model: str
    caller: str

    @property
    def options(self) -> RunOptions:
        return self.order.options

    async def transcript(
        self, service: Service, events: "asyncio.Queue[Event] | None" = None
    ) -> Transcript:
        take = None if events is None else events.put_nowait
        async with service.turn(self.caller):
            finished = await service.carry_out(self.order, take)
        if finished.status not in _WELL:
            raise _failure(finished)
        return await run_in_threadpool(read_transcript, self.order.transcript)


def _failure(finished: JobFinished) -> RequestRefusedError:
    """Return the refusal that a failed recording is; a client tries again where that may help."""
    error = finished.error
    if error is None:
        return RequestRefusedError(
            HTTPStatus.SERVICE_UNAVAILABLE, "the server was stopped", code="server_stopped"
        )
    status = HTTPStatus.BAD_REQUEST if finished.acceptable else HTTPStatus.INTERNAL_SERVER_ERROR
    param = "file" if finished.acceptable else None
    return RequestRefusedError(status, error.message, code=error.code, param=param, hint=error.hint)


async def _while_connected(request: Request, work: "asyncio.Task[Transcript]") -> None:
    """Wait for work, as long as the caller does."""
    gone = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise RequestRefusedError(HTTPStatus.BAD_REQUEST, "the caller went", code="gone")
    finally:
        gone.cancel()
        if not work.done():
            work.cancel()
            await asyncio.wait((work,))


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


class StreamAnswer(EventSourceResponse):
    """An answer in events.

    Attributes:
        stack: Of what the request holds. It is closed however the answer ends: a caller may go
            before the first event is asked for.
    """

    stack: AsyncExitStack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events, and let go of what the request holds."""
        async with self.stack:
            await super().__call__(scope, receive, send)


class _Stream:
    """The events of one request, in the shapes of OpenAI's client."""

    def __init__(self, service: Service, ready: _Ready) -> None:
        self._service = service
        self._ready = ready
        self._told: dict[int | None, float] = {}
        self._last_text = ""
        self._work: asyncio.Task[Transcript] | None = None

    async def close(self) -> None:
        """End the work. An answer that is given up lets nothing be waited for before it ends."""
        if self._work is not None and not self._work.done():
            if not self._work.cancelling():
                self._work.cancel()
            await asyncio.wait((self._work,))

    async def messages(self) -> AsyncIterator[dict[str, str]]:
        """Yield the text as it comes, then all of it."""
        events: asyncio.Queue[Event] = asyncio.Queue()
        work = self._work = asyncio.create_task(self._ready.transcript(self._service, events))
        try:
            async for event in _until_done(events, work):
                if isinstance(event, PartialText):
                    for segment in event.segments:
                        for delta in self._deltas(segment):
                            yield _message(delta)
            for last in self._last(work.result()):
                yield _message(last)
            yield {"data": "[DONE]"}
        except DalstonError as error:
            yield _message(_error(error))
        finally:
            await self.close()

    def _deltas(self, segment: Segment) -> list[dict[str, object]]:
        """Return what a segment adds; nothing for one that an engine repeats."""
        text, before = segment.text.strip(), self._told.get(segment.channel, -1.0)
        if not text or segment.start <= before:
            return []
        self._told[segment.channel] = segment.start
        delta = joined((self._last_text, text))[len(self._last_text) :]
        self._last_text = text
        return [{"type": "transcript.text.delta", "delta": delta}]

    def _last(self, transcript: Transcript) -> list[dict[str, object]]:
        done: dict[str, object] = {"type": "transcript.text.done", "text": transcript.text}
        if self._ready.asked.reply != "diarized_json":
            return [done]
        spoken = (each for each in transcript.segments if each.text.strip())
        return [*(diarized_segment(number, each) for number, each in enumerate(spoken)), done]


async def _until_done(
    events: "asyncio.Queue[Event]", work: "asyncio.Task[Transcript]"
) -> AsyncIterator[Event]:
    while not work.done():
        taking = asyncio.create_task(events.get())
        await asyncio.wait((taking, work), return_when=asyncio.FIRST_COMPLETED)
        if taking.done():
            yield taking.result()
        else:
            taking.cancel()
    while not events.empty():
        yield events.get_nowait()


def _message(event: object) -> dict[str, str]:
    return {"data": msgspec.json.encode(event).decode()}


def _error(error: DalstonError) -> dict[str, object]:
    code = error.code_text if isinstance(error, RequestRefusedError) else error.code
    return error_body(status_of(error), error.message, code=code, hint=error.hint)
