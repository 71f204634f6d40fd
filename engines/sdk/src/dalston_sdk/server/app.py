"""The HTTP endpoints of an engine."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from dalston_sdk.errors import EngineError
from dalston_sdk.server.access import HEALTH_PATH, Access
from dalston_sdk.server.audio import check_wav
from dalston_sdk.server.failures import to_engine_error
from dalston_sdk.server.job import Work
from dalston_sdk.server.replies import StreamReply, failure, json_reply
from dalston_sdk.server.requests import parse_load, parse_request
from dalston_sdk.server.service import Service
from dalston_sdk.server.upload import Upload, receive
from dalston_sdk.wire import ErrorCode, LoadReply, ModelRef, RefineRequest, TranslateRequest

Endpoint = Callable[[Request], Awaitable[Response]]


def make_app(service: Service) -> Starlette:
    """Build the ASGI application that serves an engine."""
    endpoints = _Endpoints(service)
    return Starlette(
        routes=[
            Route(HEALTH_PATH, endpoints.health, methods=["GET"]),
            Route("/models", endpoints.models, methods=["GET"]),
            Route("/load", endpoints.load, methods=["POST"]),
            Route("/unload", endpoints.unload, methods=["POST"]),
            Route("/run", endpoints.run, methods=["POST"]),
            Route("/shutdown", endpoints.shutdown, methods=["POST"]),
        ],
        middleware=[
            Middleware(Access, token=service.settings.token, protocol=service.settings.protocol)
        ],
        exception_handlers={
            EngineError: _engine_error,
            HTTPException: _no_such_endpoint,
            ClientDisconnect: _client_gone,
            Exception: endpoints.unexpected,
        },
    )


class _Endpoints:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def health(self, _request: Request) -> Response:
        return json_reply(await self._service.health())

    async def models(self, _request: Request) -> Response:
        return json_reply(self._service.describe_models())

    async def load(self, request: Request) -> Response:
        body = await request.body()
        return await self._change(parse_load(body).model)

    async def unload(self, _request: Request) -> Response:
        return await self._change(None)

    async def run(self, request: Request) -> Response:
        with self._service.lifetime.activity(serves=False):
            settings = self._service.settings
            upload = await receive(
                request.headers.get("content-type", ""),
                request.stream(),
                settings.spool_dir or settings.runtime_dir,
            )
            try:
                work = await self._accept(upload)
            except BaseException:
                upload.discard()
                raise
            job = self._service.jobs.start(work)
        return StreamReply(
            job,
            heartbeat_s=self._service.settings.heartbeat_s,
            lifetime=self._service.lifetime,
        )

    async def shutdown(self, _request: Request) -> Response:
        self._service.lifetime.stop()
        return Response(b"{}", 202, media_type="application/json")

    async def unexpected(self, _request: Request, error: Exception) -> Response:
        return failure(to_engine_error(self._service.engine, error))

    async def _change(self, model: ModelRef | None) -> Response:
        service = self._service
        service.check_open()
        with service.lifetime.activity(serves=False):
            await service.device.require()
            changed = await service.models.change(model)
        return json_reply(
            LoadReply(
                loaded=model,
                elapsed_s=changed.load_s,
                compute_type=changed.info.compute_type,
                warnings=changed.info.warnings,
            )
        )

    async def _accept(self, upload: Upload) -> Work:
        """Check a request before it is queued, so that a refusal has its own status."""
        service = self._service
        service.check_open()
        request = parse_request(upload.request, service.engine)
        duration_s = 0.0
        if upload.audio is not None:
            duration_s = check_wav(upload.audio)
        elif not isinstance(request, RefineRequest | TranslateRequest):
            raise EngineError(ErrorCode.AUDIO_INVALID, "the request came without audio")
        if not service.device.starting:
            await service.device.require()
        return Work(
            request=request,
            wav=upload.audio,
            duration_s=duration_s,
            temporary=upload.temporary,
        )


async def _engine_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, EngineError):
        raise error
    return failure(error)


async def _no_such_endpoint(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    refusal = EngineError(
        ErrorCode.INVALID_REQUEST, f"there is no {request.method} {request.url.path}"
    )
    return failure(refusal, status=status)


async def _client_gone(_request: Request, _error: Exception) -> Response:
    # The client is gone, but the connection's task has to end without an error.
    return Response(status_code=499)
