"""Jobs as they are kept: what is the same whichever process works on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from dalston_cli.server.errors import no_such
from dalston_cli.server.job_files import JobFiles
from dalston_cli.server.queue import QueuedJob
from dalston_cli.server.service import Service
from dalston_cli.server.steady import Steady


class StoredJobs:
    """Jobs and their files.

    Args:
        service: Has the limits.
        files: Where the jobs' files are.
        steady: Knows whether the queue answers.
    """

    def __init__(self, service: Service, files: JobFiles, steady: Steady) -> None:
        self._service = service
        self._files = files
        self._steady = steady
        self._queue = steady.queue
        self._counted: dict[str, int] = {}  # bytes of uploads that take room, by job

    def folder_of(self, number: str) -> Path:
        """Return where what a job has is kept on this machine."""
        return self._files.folder_of(number)

    def _settle(self, number: str) -> None:
        """Give the room of an upload back, if this process counts it and has not done so yet."""
        self._service.room.give_back(self._counted.pop(number, 0))

    async def check(self) -> None:
        """Make sure that jobs are taken, and can be read; see ``Steady.check``."""
        await self._steady.check()

    async def get(self, owner: str, number: str) -> QueuedJob:
        """Return a caller's job.

        Raises:
            RequestRefusedError: It has none of this number.
        """
        job = await self.now(number)
        if job is None or job.owner != owner:
            raise no_such("job")
        return job

    async def of(self, owner: str, most: int) -> tuple[QueuedJob, ...]:
        """Return a caller's latest jobs."""
        return await run_in_threadpool(self._queue.of, owner, most=most)

    async def num_waiting(self, owner: str) -> int:
        """Return how many jobs of a caller wait."""
        return await run_in_threadpool(self._queue.num_waiting, owner)

    async def now(self, number: str) -> QueuedJob | None:
        """Return a job as it is now; None where it was removed."""
        return await run_in_threadpool(self._queue.get, number)

    @contextmanager
    def transcript(self, number: str) -> Iterator[Path]:
        """Have the transcript of a job as a file; it may have to be fetched."""
        with (
            self._service.folder_once() as scratch,
            self._files.transcript(number, scratch) as path,
        ):
            yield path
