"""The addresses of ``dalston serve``."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dalston_cli.errors import DalstonError
from dalston_cli.server.access import Access, Rules
from dalston_cli.server.errors import answer, error_body, explained
from dalston_cli.server.job_endpoints import JobEndpoints
from dalston_cli.server.job_pages import VIEW_PATH, JobPages
from dalston_cli.server.metrics import Metrics
from dalston_cli.server.once import AudioEndpoints
from dalston_cli.server.openapi import document, page
from dalston_cli.server.service import Service
from dalston_cli.server.system import SystemEndpoints
from dalston_cli.server.tokens import ScopeName
from dalston_cli.server.web_page import page_routes

SCOPES: Mapping[str, ScopeName] = {
    "/v1/audio/": "transcribe",
    "/v1/jobs": "jobs",
    "/v1/engines": "status",
    "/v1/system/": "status",
    "/metrics": "status",
}
"""What a token needs, by the beginning of a path."""

_LOG = logging.getLogger(__name__)


Endpoint = Callable[[Request], Awaitable[Response]]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def make_app(service: Service, jobs: JobEndpoints, rules: Rules, lifespan: Lifespan) -> Starlette:
    """Return the application that serves a machine."""
    audio = AudioEndpoints(service)
    system = SystemEndpoints(service, jobs.jobs, time.monotonic())
    pages = JobPages(jobs)
    view = Route(f"{VIEW_PATH}{{link}}", pages.shown, methods=["GET"])
    routes = [*make_routes(audio, jobs, system, pages), *page_routes(), view]
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[
            Middleware(Counted, metrics=service.metrics, routes=routes),
            Middleware(Access, rules=rules),
        ],
        exception_handlers={
            DalstonError: _explained,
            HTTPException: _refused,
            Exception: _broken,
        },
    )


def make_routes(
    audio: AudioEndpoints, jobs: JobEndpoints, system: SystemEndpoints, pages: JobPages
) -> list[Route]:
    """Return every address for programs with what answers."""
    return [
        Route("/health", system.health, methods=["GET"]),
        Route("/openapi.json", _description, methods=["GET"]),
        Route("/docs", _page, methods=["GET"]),
        Route("/metrics", system.metrics, methods=["GET"]),
        Route("/v1/models", system.models, methods=["GET"]),
        Route("/v1/models/{model:path}", system.model, methods=["GET"]),
        Route("/v1/formats", system.formats, methods=["GET"]),
        Route("/v1/engines", system.engines, methods=["GET"]),
        Route("/v1/system/status", system.status, methods=["GET"]),
        _by_method("/v1/jobs", GET=jobs.listed, POST=jobs.create),
        _by_method("/v1/jobs/{job}", GET=jobs.shown, DELETE=jobs.removed),
        Route("/v1/jobs/{job}/events", jobs.events, methods=["GET"]),
        Route("/v1/jobs/{job}/transcript", jobs.transcript, methods=["GET"]),
        Route("/v1/jobs/{job}/page", pages.create, methods=["POST"]),
        Route("/v1/audio/transcriptions", audio.transcriptions, methods=["POST"]),
        Route("/v1/audio/translations", audio.translations, methods=["POST"]),
    ]


def _by_method(path: str, **endpoints: Endpoint) -> Route:
    """Return an address with an endpoint for each method: a refusal of others names all of them."""

    async def answer(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await endpoints[method](request)

    return Route(path, answer, methods=list(endpoints))


class Counted:
    """ASGI middleware: counts requests by route and status."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, routes: list[Route]) -> None:
        self._app = app
        self._metrics = metrics
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.note_request(self._path_of(scope), message["status"])
            await send(message)

        await self._app(scope, receive, counted)

    def _path_of(self, scope: Scope) -> str:
        for route in self._routes:
            if route.matches(scope)[0] is not Match.NONE:
                return route.path
        return "other"


async def _description(_request: Request) -> Response:
    return answer(document())


async def _page(_request: Request) -> Response:
    policy = {"content-security-policy": "default-src 'none'; frame-ancestors 'none'"}
    return Response(page(), media_type="text/html", headers=policy)


async def _explained(_request: Request, error: Exception) -> Response:
    if not isinstance(error, DalstonError):
        raise error
    return explained(error)


async def _refused(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    body = error_body(error.status_code, error.detail, code="refused")
    refused = answer(body, error.status_code)
    refused.headers.update(error.headers or {})
    return refused


async def _broken(_request: Request, error: Exception) -> Response:
    """Answer that there is a bug, without what is inside; the server's log has it."""
    _LOG.error("a request failed", exc_info=error)
    return answer(error_body(500, "the server failed", code="bug"), 500)
