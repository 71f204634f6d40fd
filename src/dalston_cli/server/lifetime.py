"""What a server and a worker are made of, and what begins and ends with them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from starlette.applications import Starlette

from dalston_cli.pipeline.environment import Environment, RecentFacts
from dalston_cli.pipeline.events import Event, WarningRaised
from dalston_cli.server.jobs import Jobs
from dalston_cli.server.limits import Limits
from dalston_cli.server.metrics import Metrics
from dalston_cli.server.options import Wishes
from dalston_cli.server.service import Service
from dalston_cli.server.shared_jobs import SharedJobs
from dalston_cli.server.work import Worker

Warn = Callable[[str], None]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def make_service(
    environment: Environment, folder: Path, limits: Limits, profile: str | None, warn: Warn
) -> Service:
    """Return what works on recordings.

    Args:
        environment: This machine.
        folder: For this process alone.
        limits: Of the work.
        profile: Of the settings file; None for the one in force.
        warn: Takes what engines have to say to a person.
    """

    def tell(event: Event) -> None:
        if isinstance(event, WarningRaised):
            warn(event.message)

    environment = replace(environment, recent=RecentFacts())
    return Service(
        environment=environment,
        folder=folder,
        limits=limits,
        wishes=Wishes(environment, profile),
        worker=Worker(environment, tell),
        metrics=Metrics(),
    )


def make_lifespan(service: Service, jobs: Jobs | SharedJobs) -> Lifespan:
    """Return what begins the work with an application, and ends it with that."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        service.clear()
        service.worker.start()
        try:
            async with jobs.working():
                yield
        finally:
            service.worker.close()

    return lifespan
