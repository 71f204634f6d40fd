"""Starts a server: makes sure of who may ask, then serves until a signal."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

from dalston_cli.errors import UnavailableError, UsageError
from dalston_cli.folder_lock import try_lock_folder
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.private_file import make_private_folder
from dalston_cli.review.serve import listen, serve
from dalston_cli.server.access import RateLimit, Rules
from dalston_cli.server.app import SCOPES, make_app
from dalston_cli.server.fetching import Fetcher
from dalston_cli.server.job_endpoints import JobEndpoints
from dalston_cli.server.job_files import JOBS_FOLDER, JobFiles
from dalston_cli.server.jobs import Jobs
from dalston_cli.server.lifetime import Warn, make_lifespan, make_service
from dalston_cli.server.limits import Limits
from dalston_cli.server.service import Service
from dalston_cli.server.shared_jobs import SharedJobs
from dalston_cli.server.sharing import open_shared_queue
from dalston_cli.server.sqlite_queue import SqliteQueue
from dalston_cli.server.steady import Steady
from dalston_cli.server.telling import Teller
from dalston_cli.server.tokens import SCOPES as EVERY_SCOPE
from dalston_cli.server.tokens import SERVER_FOLDER, AllowedFolderError, Caller, Callers, TokenFile

ANONYMOUS = "anyone"
_PATIENCE_S = 5
_MOST_REQUESTS = 1024


class TokenNeededError(UsageError):
    """Other machines would be served, and there is no token."""

    code = "token_needed"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"other machines can reach {host}, and there is no token to ask them for",
            hint="make one first: dalston tokens add NAME",
        )


class ServerRunsError(UnavailableError):
    """Another server uses the folder."""

    code = "server_runs"

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"another dalston serve uses {folder}",
            hint="stop it, or use another folder: DALSTON_STATE_DIR=/another dalston serve",
        )


class Ready(Protocol):
    """Called when a server begins."""

    def __call__(self, url: str, *, with_tokens: bool) -> None:
        """Tell the address, and whether a token is asked for."""


@dataclass(frozen=True, kw_only=True)
class ServeRequest:
    """What is to be served, and to whom.

    Attributes:
        folders: For callers without a token.
        queue: The address of a queue that workers take jobs from; None to work on them here.
        store: The address where workers find recordings and leave transcripts; None for folders.
        webhook_hosts: Of the own networks that webhooks may reach, as ``HOST:PORT``.
        url_hosts: Of the own networks that recordings may be fetched from, likewise.
    """

    host: str
    port: int
    folders: tuple[Path, ...]
    limits: Limits
    environment: Environment
    queue: str | None = None
    store: Address | None = None
    webhook_hosts: frozenset[str] = frozenset()
    url_hosts: frozenset[str] = frozenset()
    profile: str | None = None


def start(request: ServeRequest, warn: Warn, ready: Ready) -> None:
    """Serve until a signal.

    Raises:
        TokenNeededError: Other machines would be served without one.
        ServerRunsError: Another server uses the folder.
        PortTakenError: It cannot be listened on.
        DalstonError: A queue that is shared cannot be used.
    """
    folder = request.environment.locations.state / SERVER_FOLDER
    make_private_folder(folder)
    file = TokenFile(folder)
    is_loopback, has_tokens = _is_loopback(request.host), bool(file.all())
    if not is_loopback and not has_tokens:
        raise TokenNeededError(request.host)
    anonymous = None if has_tokens else _anonymous(request.folders)
    rules = Rules(
        callers=Callers(file, folder, anonymous),
        rate=RateLimit(request.limits.per_minute),
        only_loopback=anonymous is not None,
        scopes=SCOPES,
    )
    with ExitStack() as stack:
        stack.enter_context(_held(folder))
        listener = stack.enter_context(listen(request.port, request.host))
        service = make_service(request.environment, folder, request.limits, request.profile, warn)
        host = f"[{request.host}]" if ":" in request.host else request.host
        url = f"http://{host}:{listener.getsockname()[1]}"
        fetcher = Fetcher(
            room=service.room,
            most_bytes=request.limits.most_bytes,
            allowed=request.url_hosts,
        )
        jobs = _jobs(request, service, fetcher, warn, stack)
        endpoints = JobEndpoints(service, jobs, request.webhook_hosts, fetcher)
        app = make_app(service, endpoints, rules, make_lifespan(service, jobs))
        serve(
            app,
            listener,
            lambda: ready(url, with_tokens=has_tokens),
            most_requests=_MOST_REQUESTS,
            patience_s=_PATIENCE_S,
            lifespan="on",
        )


def _jobs(
    request: ServeRequest, service: Service, fetcher: Fetcher, warn: Warn, stack: ExitStack
) -> Jobs | SharedJobs:
    """Return the jobs of a server, which has its workers elsewhere or works on them itself."""
    if request.queue is None:
        files = JobFiles(service.folder / JOBS_FOLDER)
        queue = stack.enter_context(closing(SqliteQueue(service.folder)))
        return Jobs(service, files, Steady(queue, warn), Teller(request.webhook_hosts), fetcher)
    files = JobFiles(service.folder / JOBS_FOLDER, request.store)
    shared = open_shared_queue(request.queue, files, warn, stack)
    return SharedJobs(service, shared, files, Steady(shared, warn))


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    descriptor = try_lock_folder(folder)
    if descriptor is None:
        raise ServerRunsError(folder)
    try:
        yield
    finally:
        os.close(descriptor)


def _anonymous(folders: tuple[Path, ...]) -> Caller:
    resolved = []
    for folder in folders:
        if not folder.is_dir():
            raise AllowedFolderError(folder)
        resolved.append(folder.resolve())
    return Caller(name=ANONYMOUS, scopes=frozenset(EVERY_SCOPE), folders=tuple(resolved))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
