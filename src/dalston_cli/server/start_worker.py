"""Starts a worker: it takes jobs of a shared queue until a signal, and answers about itself."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dalston_cli.audio.scratch import scratch_folder
from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.review.serve import HOST, listen, serve
from dalston_cli.server.errors import explained
from dalston_cli.server.fetching import Fetcher
from dalston_cli.server.job_files import JOBS_FOLDER, JobFiles
from dalston_cli.server.jobs import Jobs
from dalston_cli.server.leases import Leases
from dalston_cli.server.lifetime import Warn, make_lifespan, make_service
from dalston_cli.server.limits import Limits
from dalston_cli.server.sharing import open_shared_queue
from dalston_cli.server.steady import Steady
from dalston_cli.server.system import SystemEndpoints
from dalston_cli.server.telling import Teller
from dalston_cli.server.tokens import SERVER_FOLDER

_SCRATCH = "jobs"
"""In the cache folder."""


@dataclass(frozen=True, kw_only=True)
class WorkerRequest:
    """What a worker takes, and how much at once.

    Attributes:
        queue: The address of the queue, with its password.
        store: The address where recordings are and transcripts go; None for the server's folder,
            which this process sees, too.
        port: On loopback, for its state; 0 takes a free one.
        webhook_hosts: Of the own networks that webhooks may reach, as ``HOST:PORT``.
        url_hosts: Of the own networks that recordings may be fetched from, likewise.
    """

    queue: str
    store: Address | None
    port: int
    limits: Limits
    environment: Environment
    webhook_hosts: frozenset[str] = frozenset()
    url_hosts: frozenset[str] = frozenset()
    profile: str | None = None


def start_worker(request: WorkerRequest, warn: Warn, ready: Callable[[str], None]) -> None:
    """Work until a signal; what is not ended then waits again.

    Raises:
        PortTakenError: Its port cannot be listened on.
        DalstonError: The queue, or the files of its jobs, cannot be used.
    """
    locations = request.environment.locations
    with ExitStack() as stack:
        folder = stack.enter_context(scratch_folder(locations.cache / _SCRATCH))
        listener = stack.enter_context(listen(request.port))
        shared = locations.state / SERVER_FOLDER / JOBS_FOLDER
        files = JobFiles(shared if request.store is None else folder, request.store)
        queue = open_shared_queue(request.queue, files, warn, stack)
        service = make_service(request.environment, folder, request.limits, request.profile, warn)
        steady = Steady(queue, warn)
        fetcher = Fetcher(
            room=service.room, most_bytes=request.limits.most_bytes, allowed=request.url_hosts
        )
        teller, leases = Teller(request.webhook_hosts), Leases(queue, steady)
        jobs = Jobs(service, files, steady, teller, fetcher, leases)
        system = SystemEndpoints(service, jobs, time.monotonic())
        app = Starlette(
            routes=[
                Route("/health", system.health, methods=["GET"]),
                Route("/metrics", system.metrics, methods=["GET"]),
            ],
            lifespan=make_lifespan(service, jobs),
            exception_handlers={DalstonError: _explained},
        )
        url = f"http://{HOST}:{listener.getsockname()[1]}"
        serve(app, listener, lambda: ready(url), lifespan="on")


async def _explained(_request: Request, error: Exception) -> Response:
    if not isinstance(error, DalstonError):
        raise error
    return explained(error)
