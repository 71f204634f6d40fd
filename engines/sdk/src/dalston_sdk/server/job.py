"""Runs one request: from its place in the queue to its last message."""

import asyncio
import logging
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import msgspec
import numpy as np

from dalston_sdk.engine import Engine, LoadedModel, Samples
from dalston_sdk.errors import CancelledError, EngineError
from dalston_sdk.server.audio import WavSamples
from dalston_sdk.server.context import JobContext, Mailbox
from dalston_sdk.server.device import DeviceCheck
from dalston_sdk.server.encoding import check_encodable
from dalston_sdk.server.failures import to_engine_error
from dalston_sdk.server.lifetime import Lifetime
from dalston_sdk.server.model import ModelState
from dalston_sdk.server.requests import run_stage, stage_of
from dalston_sdk.server.share_clock import ShareClock
from dalston_sdk.server.splitting import transcribe
from dalston_sdk.server.threads import Threads
from dalston_sdk.wire import ErrorCode, Finished, Progress, Request, Result, TranscribeRequest

log = logging.getLogger("dalston.engine")


@dataclass(frozen=True, kw_only=True)
class Work:
    """A request with its audio.

    Attributes:
        wav: A file that ``check_wav`` accepted; None for a stage without audio.
        duration_s: Its length.
        temporary: True if the file is the server's own and is removed after the work.
    """

    request: Request
    wav: Path | None
    duration_s: float
    temporary: bool

    def discard(self) -> None:
        """Remove the audio if the file is temporary."""
        if self.temporary and self.wav is not None:
            self.wav.unlink(missing_ok=True)


@dataclass(eq=False)
class Job:
    """An accepted request; ``mailbox`` gets its messages, and always a last one."""

    work: Work
    mailbox: Mailbox
    cancelled: threading.Event = field(default_factory=threading.Event)
    task: "asyncio.Task[None] | None" = None

    def cancel(self) -> None:
        """Cancel the work; it ends as soon as the engine notices."""
        if self.task is not None and not self.task.done() and not self.cancelled.is_set():
            self.cancelled.set()
            self.task.cancel()


class Jobs:
    """Runs requests, each until its engine method returns, even if its client is gone."""

    def __init__(
        self,
        engine: Engine,
        *,
        device: DeviceCheck,
        models: ModelState,
        threads: Threads,
        lifetime: Lifetime,
    ) -> None:
        self._engine = engine
        self._device = device
        self._models = models
        self._threads = threads
        self._lifetime = lifetime
        self._clock = ShareClock()
        self._current: set[Job] = set()

    def start(self, work: Work) -> Job:
        """Start a job for a request; the job owns the audio from here on."""
        job = Job(work, Mailbox(asyncio.get_running_loop()))
        self._current.add(job)
        # Here and not in the task, so that the engine never looks idle in between.
        self._lifetime.begin()
        job.task = asyncio.create_task(self._run_job(job))
        return job

    def cancel_all(self) -> None:
        """Cancel all jobs; each still posts its last message."""
        for job in tuple(self._current):
            job.cancel()

    def abandon_all(self) -> None:
        """Post the last message of jobs that did not notice their cancellation."""
        for job in self._current:
            job.mailbox.post(self._stopped().to_wire())

    async def _run_job(self, job: Job) -> None:
        try:
            job.mailbox.post(await self._result(job))
        except EngineError as error:
            log.info("%s failed: %s", stage_of(job.work.request).value, error.message)
            job.mailbox.post(error.to_wire())
        except (CancelledError, asyncio.CancelledError):
            log.info("%s cancelled", stage_of(job.work.request).value)
            job.mailbox.post(self._stopped().to_wire())
        except Exception as error:  # noqa: BLE001 - the client must be told of any failure
            job.mailbox.post(to_engine_error(self._engine, error).to_wire())
        finally:
            job.work.discard()
            self._current.discard(job)
            self._lifetime.end(serves=True)

    def _stopped(self) -> EngineError:
        return EngineError(ErrorCode.BUSY, f"engine {self._engine.name} was stopped")

    async def _result(self, job: Job) -> Finished:
        work = job.work
        # The first answer of a GPU may take long; heartbeats are sent meanwhile.
        await self._device.require()
        loading = Progress(done_s=0.0, total_s=work.duration_s, phase="load")
        async with self._models.using(
            work.request.model,
            audio_s=work.duration_s,
            on_load=lambda: job.mailbox.post(loading),
        ) as model:
            with self._clock.running() as share:
                result = await self._threads.run(lambda: self._run_stage(job))
        log.info(
            "%s of %.1f s of audio took %.2f s",
            stage_of(work.request).value,
            work.duration_s,
            share.seconds,
        )
        return Finished(
            result=_with_model_info(result, model.info),
            elapsed_s=share.seconds,
            load_s=model.load_s,
        )

    def _run_stage(self, job: Job) -> Result:
        context = JobContext(job.mailbox, job.cancelled)
        try:
            context.check_cancelled()
            result = self._run_request(job.work, context)
        except (EngineError, CancelledError):
            raise
        except (Exception, SystemExit) as error:
            raise to_engine_error(self._engine, error) from error
        check_encodable(result, Result)
        return result

    def _run_request(self, work: Work, context: JobContext) -> Result:
        engine, request = self._engine, work.request
        if work.wav is None:
            return run_stage(engine, request, np.zeros(0, dtype=np.float32), context)
        with closing(WavSamples(work.wav)) as samples:
            if isinstance(request, TranscribeRequest):
                return transcribe(engine, request, samples, context)
            if stage_of(request) in engine.reads_parts:
                # All that such a stage does with an array is what these samples can do.
                return run_stage(engine, request, cast("Samples", samples), context)
            return run_stage(engine, request, samples[:], context)


def _with_model_info(result: Result, info: LoadedModel) -> Result:
    """Add the warnings and the number format from loading, which hold for all results."""
    return msgspec.structs.replace(
        result,
        warnings=tuple(dict.fromkeys((*info.warnings, *result.warnings))),
        compute_type=result.compute_type or info.compute_type,
    )
