"""Transcripts as pages that a browser opens by an address alone, which is good for a while.

A browser sends no token with an address that it opens, so the address itself is the secret: it has
256 random bits. The page cannot reach what the page of the server keeps: it is in a sandbox.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from dalston_cli.server.errors import answer, no_such
from dalston_cli.server.job_endpoints import JobEndpoints

VIEW_PATH = "/page/view/"
_GOOD_S = 600.0
_MOST = 10_000
_POLICY = "sandbox allow-scripts allow-modals allow-downloads; frame-ancestors 'none'"


@dataclass(frozen=True)
class _Link:
    owner: str
    job: str
    until: float


@dataclass
class JobPages:
    """Addresses of pages.

    Args:
        clock: Seconds from any start.
    """

    jobs: JobEndpoints
    clock: Callable[[], float] = time.monotonic
    _links: dict[str, _Link] = field(default_factory=dict)

    async def create(self, request: Request) -> Response:
        """Answer with an address at which the transcript of a job is a page."""
        job = await self.jobs.finished(request)
        now = self.clock()
        for old in [name for name, link in self._links.items() if link.until < now]:
            del self._links[old]
        while len(self._links) >= _MOST:
            del self._links[next(iter(self._links))]
        name = secrets.token_urlsafe(32)
        self._links[name] = _Link(owner=job.owner, job=job.id, until=now + _GOOD_S)
        body = {"path": VIEW_PATH + name, "seconds": _GOOD_S}
        return answer(body, HTTPStatus.CREATED)

    async def shown(self, request: Request) -> Response:
        """Answer with the page."""
        link = self._links.get(request.path_params["link"])
        if link is None or link.until < self.clock():
            raise no_such("page any more: open it again")
        job = await self.jobs.jobs.get(link.owner, link.job)
        data, _ = await run_in_threadpool(self.jobs.rendered, job, "html")
        headers = {"content-security-policy": _POLICY}
        return Response(data, media_type="text/html; charset=utf-8", headers=headers)
