"""What all addresses of a server share: its folder, its limits, its worker, and turns to work."""

import asyncio
import secrets
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path

from dalston_cli.pipeline.endpoints import in_daemon_thread
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.events import JobFinished
from dalston_cli.private_file import make_private_folder
from dalston_cli.server.errors import RequestRefusedError
from dalston_cli.server.limits import Limits
from dalston_cli.server.metrics import Metrics
from dalston_cli.server.options import Wishes
from dalston_cli.server.upload import UploadRoom
from dalston_cli.server.work import Emit, Order, Worker
from dalston_cli.threads import waited_for

_ONCE = "once"


@dataclass
class Service:
    """A server, apart from HTTP.

    Attributes:
        folder: For this user alone; no other server uses it.
    """

    environment: Environment
    folder: Path
    limits: Limits
    wishes: Wishes
    worker: Worker
    metrics: Metrics
    room: UploadRoom = field(init=False)
    _turns: asyncio.Semaphore = field(init=False)
    _waiting: Counter[str] = field(default_factory=Counter)
    closing: bool = False

    def __post_init__(self) -> None:
        """Make what depends on the limits."""
        self.room = UploadRoom(self.limits.upload_bytes)
        self._turns = asyncio.Semaphore(self.limits.jobs)

    def clear(self) -> None:
        """Remove what requests left that a server did not end."""
        shutil.rmtree(self.folder / _ONCE, ignore_errors=True)

    @contextmanager
    def folder_once(self) -> Iterator[Path]:
        """Make a folder for one request, and remove it with all that is in it."""
        folder = self._new_folder()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @asynccontextmanager
    async def folder_of_request(self) -> AsyncIterator[Path]:
        """Make a folder for one request; it is removed while others go on."""
        folder = self._new_folder()
        try:
            yield folder
        finally:
            await asyncio.shield(
                in_daemon_thread(partial(shutil.rmtree, folder, ignore_errors=True))
            )

    def _new_folder(self) -> Path:
        folder = self.folder / _ONCE / secrets.token_hex(12)
        make_private_folder(folder)
        return folder

    def check_waiting(self, caller: str) -> None:
        """Make sure that a request would not wait behind too many others.

        Raises:
            RequestRefusedError: Too many requests of the caller wait already.
        """
        if self._turns.locked() and self._waiting[caller] >= self.limits.most_waiting:
            raise RequestRefusedError(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{self._waiting[caller]} requests of {caller} wait already",
                code="too_many_waiting",
            )

    @asynccontextmanager
    async def turn(self, caller: str) -> AsyncIterator[None]:
        """Wait until there is a place to work, and hold it.

        Raises:
            RequestRefusedError: Too many requests of the caller wait already.
        """
        self.check_waiting(caller)
        self._waiting[caller] += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting[caller] -= 1
            if not self._waiting[caller]:
                del self._waiting[caller]
        try:
            yield
        finally:
            self._turns.release()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait until there is a place to work, and hold it, for what waits elsewhere."""
        async with self._turns:
            yield

    async def carry_out(self, order: Order, emit: Emit | None) -> JobFinished:
        """Run an order; one that is cancelled has ended when this returns.

        Args:
            order: What to transcribe.
            emit: Takes what happens, on this loop; None for a run that is not followed.

        Raises:
            DalstonError: It cannot be run.
        """
        running = self.worker.begin(order, emit)
        with self.metrics.at_work():
            try:
                finished = await asyncio.shield(running.finished)
            except asyncio.CancelledError:
                self.worker.stop(running)
                with suppress(Exception):
                    await waited_for(running.finished)
                raise
        self.metrics.note(finished)
        return finished

    def work_now(self) -> dict[str, int]:
        """Return how many recordings wait for their turn, of all callers, and the limit."""
        return {"waiting": sum(self._waiting.values()), "at_once": self.limits.jobs}
