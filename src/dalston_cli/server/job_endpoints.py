"""Addresses of jobs: ``/v1/jobs`` and what is below."""

import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from mimetypes import guess_type

import msgspec
from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from dalston_cli.formats.read import read_transcript
from dalston_cli.formats.registry import writers_named
from dalston_cli.private_file import make_private_folder
from dalston_cli.server.addresses import destination
from dalston_cli.server.errors import RequestRefusedError, answer, invalid
from dalston_cli.server.fetching import Fetcher
from dalston_cli.server.job_request import JobRequest, idempotency_key, read_job
from dalston_cli.server.jobs import Jobs
from dalston_cli.server.paths import allowed_recording
from dalston_cli.server.queue import QueuedJob
from dalston_cli.server.service import Service
from dalston_cli.server.shared_jobs import SharedJobs
from dalston_cli.server.tokens import Caller
from dalston_cli.server.views import job_view
from dalston_cli.server.webhooks import secret_bytes
from dalston_cli.server.work import output_folder

_MOST_LISTED = 100
_WITH_TRANSCRIPT = frozenset({"done", "partial"})


@dataclass(frozen=True)
class JobEndpoints:
    """What is asked of jobs; each caller has its own."""

    service: Service
    jobs: Jobs | SharedJobs
    webhook_hosts: frozenset[str]
    fetcher: Fetcher

    async def create(self, request: Request) -> Response:
        """Keep a job, and answer with it before it begins."""
        caller: Caller = request.state.caller
        key, number = idempotency_key(request), secrets.token_hex(12)
        limits, room = self.service.limits, self.service.room
        most = max(1, limits.most_waiting)  # each waits for a moment
        if await self.jobs.num_waiting(caller.name) >= most:
            raise RequestRefusedError(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{most} jobs of {caller.name} wait already",
                code="too_many_waiting",
            )
        folder = self.jobs.folder_of(number)
        make_private_folder(folder)
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            asked = await read_job(request, folder, room, limits.most_bytes)
            stack.callback(room.give_back, asked.upload_bytes)
            job = await run_in_threadpool(self._checked, asked, caller, number, key)
            stack.pop_all()  # from here on ``add`` knows whether a job has the upload
        kept = await self.jobs.add(job)
        if kept.asked != job.asked:
            raise RequestRefusedError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "the key stands for another request already",
                code="idempotency_key_reused",
                param="idempotency-key",
            )
        status = HTTPStatus.ACCEPTED if kept.id == job.id else HTTPStatus.OK
        created = answer(await self._view(kept), status)
        created.headers["location"] = f"/v1/jobs/{kept.id}"
        return created

    async def listed(self, request: Request) -> Response:
        """List the caller's latest jobs."""
        jobs = await self.jobs.of(request.state.caller.name, _MOST_LISTED)
        return answer({"object": "list", "data": [await self._view(each) for each in jobs]})

    async def shown(self, request: Request) -> Response:
        """Answer with a job."""
        return answer(await self._view(await self._job(request)))

    async def removed(self, request: Request) -> Response:
        """Forget a job and all that is kept of it."""
        await self.jobs.remove(await self._job(request))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def events(self, request: Request) -> Response:
        """Answer with what happens to a job, as it happens, and with the job at its end."""
        job = await self._job(request)
        last = request.headers.get("last-event-id", "0")
        after = (
            int(last) if last.isascii() and last.isdecimal() and len(last) < len("1000000") else 0
        )
        return EventSourceResponse(self._followed(job, after))

    async def transcript(self, request: Request) -> Response:
        """Answer with a job's transcript in a format of Dalston's."""
        job = await self.finished(request)
        name = request.query_params.get("format", "json")
        data, extension = await run_in_threadpool(self.rendered, job, name)
        kind = guess_type(f"transcript{extension}")[0] or "text/plain"
        return Response(data, media_type=kind)

    async def finished(self, request: Request) -> QueuedJob:
        """Return the caller's job that a request names, which has a transcript.

        Raises:
            RequestRefusedError: It has none, or is not there.
        """
        job = await self._job(request)
        if job.state not in _WITH_TRANSCRIPT:
            raise RequestRefusedError(
                HTTPStatus.CONFLICT,
                f"the job has no transcript: it is {job.state}",
                code="no_transcript",
            )
        return job

    def rendered(self, job: QueuedJob, name: str) -> tuple[bytes, str]:
        """Return the transcript of a job in a format, and the format's extension.

        Raises:
            DalstonError: There is no such format, or the transcript lacks what it needs.
        """
        writers = writers_named((name,))
        if len(writers) != 1:
            raise invalid("name one format", "format")
        writer = writers[0]
        options = self.service.wishes.render_options(job.options)
        with self.jobs.transcript(job.id) as path:
            transcript = read_transcript(path)
        if error := writer.unmet_need(transcript, options):
            raise error
        return writer.render(transcript, options), writer.extension

    def _checked(
        self, asked: JobRequest, caller: Caller, number: str, key: str | None
    ) -> QueuedJob:
        """Return the job that is asked for, if it can be done."""
        if asked.webhook is not None:
            secret_bytes(asked.webhook.secret)
            destination(asked.webhook.url, "webhook.url", allowed=self.webhook_hosts)
        source = None
        if asked.path is not None:
            source = str(allowed_recording(asked.path, caller.folders))
        name = asked.name if asked.url is None else self.fetcher.check(asked.url)
        wishes, folder = self.service.wishes, output_folder(self.jobs.folder_of(number))
        model = wishes.check(wishes.run_options(asked.options, folder))
        return QueuedJob(
            id=number,
            owner=caller.name,
            state="queued",
            name=name,
            created_at=time.time(),
            model=model,
            source=source,
            url=asked.url,
            upload_bytes=asked.upload_bytes,
            options=dict(asked.options),
            key=key,
            asked=asked.digest() if key is not None else "",
            webhook=asked.webhook,
        )

    async def _job(self, request: Request) -> QueuedJob:
        return await self.jobs.get(request.state.caller.name, request.path_params["job"])

    async def _view(self, job: QueuedJob) -> dict[str, object]:
        progress = await self.jobs.progress(job.id) if job.state == "running" else None
        return job_view(job, progress)

    async def _followed(self, job: QueuedJob, after: int) -> AsyncIterator[dict[str, str]]:
        async for number, kind, data in self.jobs.follow(job.id, after):
            yield {"id": str(number), "event": kind, "data": data}
        if (now := await self.jobs.now(job.id)) is not None:
            yield {"event": "job", "data": msgspec.json.encode(await self._view(now)).decode()}
