"""HTTP responses: one JSON value, an error, or a stream of lines."""

import asyncio
import contextlib

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dalston_sdk.errors import EngineError
from dalston_sdk.server.failures import HTTP_STATUS
from dalston_sdk.server.job import Job
from dalston_sdk.server.lifetime import Lifetime
from dalston_sdk.wire import Failed, Finished, Heartbeat

_ENCODER = msgspec.json.Encoder()


def json_reply(value: msgspec.Struct, *, status: int = 200) -> Response:
    """Return a response with one JSON value."""
    return Response(_ENCODER.encode(value), status, media_type="application/json")


def failure(error: EngineError, *, status: int | None = None) -> Response:
    """Return a response with an error; by default its code decides the status."""
    return json_reply(error.to_wire(), status=status or HTTP_STATUS[error.code])


class StreamReply(Response):
    """A job's messages as NDJSON, with heartbeats; cancels the job if the client disconnects.

    Args:
        job: The job whose messages to send.
        heartbeat_s: Seconds without a message after which to send a heartbeat.
        lifetime: Kept from expiring until the last line was sent.
    """

    media_type = "application/x-ndjson"

    def __init__(self, job: Job, *, heartbeat_s: float, lifetime: Lifetime) -> None:
        super().__init__()
        self._lifetime = lifetime
        del self.headers["content-length"]
        self._job = job
        self._heartbeat_s = heartbeat_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send until the last line, or until the client disconnects."""
        with self._lifetime.activity(serves=False):
            sender = asyncio.create_task(self._send_all(send))
            gone = asyncio.create_task(_disconnected(receive))
            try:
                await asyncio.wait([sender, gone], return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                if not sender.done():
                    self._job.cancel()
                    sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sender

    async def _send_all(self, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        loop = asyncio.get_running_loop()
        started = loop.time()
        last = False
        while not last:
            message = await self._job.mailbox.take(timeout_s=self._heartbeat_s)
            message = message or Heartbeat(elapsed_s=loop.time() - started)
            last = isinstance(message, Finished | Failed)
            line = _ENCODER.encode(message) + b"\n"
            await send({"type": "http.response.body", "body": line, "more_body": not last})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
