"""Many recordings: the one runner. One job's failure is never another's.

Recordings are begun largest first; a few more are in work than the engine has slots, so that the
next ones are decoded while it works. What engines cannot do at all is found out once, not once
per recording.
"""

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from dalston_cli.audio.source import shown_name
from dalston_cli.errors import (
    DalstonError,
    ExitCode,
    ModelUnavailableError,
    UnavailableError,
)
from dalston_cli.launchers.failure import LauncherUnavailableError
from dalston_cli.pipeline.events import (
    ErrorInfo,
    Event,
    JobFinished,
    RunFinished,
    RunStarted,
    WarningRaised,
)
from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.pipeline.plan.planner import Planner
from dalston_cli.pipeline.request import RecordingRequest
from dalston_cli.pipeline.running.job import JobSpec, JobTools, run_job
from dalston_cli.pipeline.running.tally import NOT_STARTED, Tally
from dalston_cli.pipeline.running.window import LargestFirst

DECODED_AHEAD = 2
"""Recordings in work beyond the engine's slots."""

MOST_ENGINE_FAILURES = 8
"""So many recordings in a row may fail for want of an engine before the run gives up."""

MOST_MODEL_FAILURES = 2
"""The same for a model: what does not load for two recordings does not load for others."""

_logger = logging.getLogger(__name__)


class UnexpectedError(DalstonError):
    """Something that should not happen: a bug."""

    code = "bug"

    def __init__(self, error: Exception) -> None:
        text = str(error).encode(errors="replace").decode()
        super().__init__(
            f"unexpected {type(error).__name__}: {text}",
            hint="run it again with --debug and report what it prints",
        )


class SystemRefusedError(UnavailableError):
    """The system refuses something that every recording needs, such as room on the disk."""

    code = "system_refused"

    def __init__(self, error: OSError) -> None:
        where = f" ({shown_name(error.filename)})" if error.filename else ""
        super().__init__(
            f"the system refuses: {error.strerror or error}{where}",
            hint="look at free space and permissions: df -h; dalston doctor",
        )


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """What a run is about.

    Attributes:
        stems: Per recording, the path of its outputs without extension; None for standard output.
        jobs: Recordings in work at the same time, at least 1.
        fail_fast: Begin nothing more after the first failure.
        pipeline: The named pipeline that was asked for, for the report.
    """

    recordings: Sequence[RecordingRequest]
    stems: Sequence[Path] | None
    planner: Planner
    jobs: int
    fail_fast: bool = False
    pipeline: str | None = None


async def run(spec: RunSpec, tools: JobTools) -> RunFinished:
    """Work on every recording; what happens is told through ``tools``, how it ended returned."""
    return await _Run(spec, tools).run()


def jobs_at_once(plan: RecordingPlan, replicas: int) -> int:
    """How many recordings keep the transcribing engine busy."""
    return plan.transcribe.engine.slots * replicas + DECODED_AHEAD


class _Run:
    def __init__(self, spec: RunSpec, tools: JobTools) -> None:
        self._spec = spec
        self._tools = tools
        self._journal = tools.stages.journal
        self._emit: Callable[[Event], None] = tools.stages.emit
        self._tally = Tally()
        self._models: dict[str, str] = {}
        self._queue = LargestFirst(self._items())
        self._workers: list[asyncio.Task[None]] = []
        self._stopped = False
        self._interrupted = False
        self._engine_failures = 0
        self._id = ""

    async def run(self) -> RunFinished:
        clock = time.monotonic()
        number = len(self._spec.recordings)
        self._id = self._journal.begin_run(number)
        try:
            self._emit(RunStarted(run=self._id, num_recordings=number))
        except BrokenPipeError as closed:
            self._tally.counts[NOT_STARTED] = number
            self._journal.end_run(self._report(0.0, [closed]))
            raise
        self._workers = [
            asyncio.create_task(self._work()) for _ in range(min(self._spec.jobs, number))
        ]
        with self._polite_interrupts():
            await asyncio.gather(*self._workers, return_exceptions=True)
        self._tally.counts[NOT_STARTED] += sum(1 for _ in self._queue)
        errors = [
            error
            for worker in self._workers
            if not worker.cancelled() and (error := worker.exception()) is not None
        ]
        report = self._report(time.monotonic() - clock, errors)
        self._journal.end_run(report)
        if errors:
            raise errors[0]  # nobody reads, or a bug outside of any job
        self._emit(report)
        return report

    def _items(self) -> Iterator[tuple[int | None, tuple[RecordingRequest, Path | None]]]:
        stems = self._spec.stems
        for index, request in enumerate(self._spec.recordings):
            yield request.size, (request, stems[index] if stems is not None else None)

    async def _work(self) -> None:
        while not self._stopped:
            item = next(self._queue, None)
            if item is None:
                return
            try:
                await self._job(*item)
            except BrokenPipeError:
                self._cancel_all()
                raise

    async def _job(self, request: RecordingRequest, stem: Path | None) -> None:
        clock = time.monotonic()
        number = self._journal.begin_job(
            self._id, request.name, suffix=request.relative.suffix.lower(), size=request.size
        )
        try:
            plan = self._spec.planner.plan(request.overrides)
            job = JobSpec(request=request, plan=plan, number=number, stem=stem)
            finished = await run_job(job, self._tools)
        except DalstonError as error:
            self._failed(number, request, clock, error)
        except asyncio.CancelledError:
            self._end(number, JobFinished(recording=request.name, status="cancelled"))
            raise
        except BrokenPipeError:
            # Nobody reads what this run prints: no recording's failure, but the end of all.
            self._journal.end_job(number, JobFinished(recording=request.name, status="cancelled"))
            raise
        except OSError as error:
            self._failed(number, request, clock, SystemRefusedError(error))
        except Exception as error:
            # A bug met by one recording is not to cost the others theirs.
            _logger.exception("unexpected error in %s", request.name)
            self._failed(number, request, clock, UnexpectedError(error))
        else:
            self._engine_failures = 0
            self._models |= _digests(plan)
            self._end(number, finished)

    def _failed(
        self, number: int, request: RecordingRequest, clock: float, error: DalstonError
    ) -> None:
        info = ErrorInfo(
            code=error.code, message=error.message, hint=error.hint, recording=request.name
        )
        finished = JobFinished(
            recording=request.name,
            status="failed",
            elapsed_s=time.monotonic() - clock,
            error=info,
        )
        self._end(number, finished, error.exit_code)
        if self._spec.fail_fast:
            self._stop("fail_fast", "--fail-fast: no further recording is begun")
        elif isinstance(error, UnavailableError):
            self._consider(request, error)

    def _consider(self, request: RecordingRequest, error: UnavailableError) -> None:
        """Whether going on would only fail in the same way, again and again."""
        self._engine_failures += 1
        first = self._spec.planner.plan(request.overrides).transcribe
        if isinstance(error, LauncherUnavailableError):
            reason = "no engine can be had any more"
        elif self._tools.stages.engines.failure(first.engine, first.device) is error:
            reason = f"engine {first.engine.name} cannot be had"
        elif self._engine_failures >= (
            MOST_MODEL_FAILURES
            if isinstance(error, ModelUnavailableError)
            else MOST_ENGINE_FAILURES
        ):
            reason = f"{self._engine_failures} recordings in a row could not be transcribed"
        else:
            return
        self._tally.given_up = True
        self._stop("engine_given_up", f"{reason}: no further recording is begun")

    def _stop(self, code: str, message: str) -> None:
        if not self._stopped:
            self._stopped = True
            self._emit(WarningRaised(code=code, message=message))

    def _end(self, number: int, finished: JobFinished, exit_code: ExitCode | None = None) -> None:
        self._journal.end_job(number, finished)
        self._tally.add(finished, exit_code)
        self._emit(finished)

    def _report(self, elapsed_s: float, errors: Sequence[BaseException]) -> RunFinished:
        counts = self._tally.counts
        code = self._tally.exit_code(interrupted=self._interrupted)
        if errors:
            closed = isinstance(errors[0], BrokenPipeError)
            code = ExitCode.CLOSED_PIPE if closed else ExitCode.BUG
        return RunFinished(
            run=self._id,
            counts={status: count for status, count in sorted(counts.items()) if count},
            audio_s=self._tally.audio_s,
            elapsed_s=elapsed_s,
            exit_code=int(code),
            pipeline=self._spec.pipeline,
            errors=tuple(self._tally.errors),
            models=self._models,
            engines=self._tools.stages.engines.fingerprints,
        )

    @contextmanager
    def _polite_interrupts(self) -> Iterator[None]:
        """The first Ctrl-C stops the run, the second ends the process at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

        def interrupt(number: int, frame: FrameType | None) -> None:
            del number, frame
            for each in before:
                signal.signal(each, signal.default_int_handler)
            loop.call_soon_threadsafe(self._interrupt)

        for number in before:
            signal.signal(number, interrupt)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _interrupt(self) -> None:
        self._interrupted = True
        self._stop("interrupted", "stopping; press Ctrl-C again to end at once")
        self._cancel_all()

    def _cancel_all(self) -> None:
        self._stopped = True
        for worker in self._workers:
            if worker is not asyncio.current_task() and not worker.cancelling():
                worker.cancel()


def _digests(plan: RecordingPlan) -> dict[str, str]:
    stages = (*plan.stages, *plan.more_aligners)
    return {stage.model.id: stage.weights.digest for stage in stages if stage.weights}
